extension MCPMethod {
  /// The legacy handshake.
  public static let initialize = MCPMethod("initialize")
  /// Liveness, legacy era.
  public static let ping = MCPMethod("ping")
  /// What a server speaks and offers, modern era.
  public static let serverDiscover = MCPMethod("server/discover")
  /// The tools on offer.
  public static let toolsList = MCPMethod("tools/list")
  /// A call of a tool.
  public static let toolsCall = MCPMethod("tools/call")
  /// The prompts on offer.
  public static let promptsList = MCPMethod("prompts/list")
  /// One prompt.
  public static let promptsGet = MCPMethod("prompts/get")
  /// The resources on offer.
  public static let resourcesList = MCPMethod("resources/list")
  /// The resource templates on offer.
  public static let resourcesTemplatesList = MCPMethod("resources/templates/list")
  /// The content of a resource.
  public static let resourcesRead = MCPMethod("resources/read")
  /// Watches a resource, legacy era.
  public static let resourcesSubscribe = MCPMethod("resources/subscribe")
  /// Ends watching a resource, legacy era.
  public static let resourcesUnsubscribe = MCPMethod("resources/unsubscribe")
  /// Completes an argument.
  public static let completionComplete = MCPMethod("completion/complete")
  /// Sets the log level of a session, legacy era.
  public static let loggingSetLevel = MCPMethod("logging/setLevel")
  /// A stream of change notifications, modern era.
  public static let subscriptionsListen = MCPMethod("subscriptions/listen")
  /// The state of a task.
  public static let tasksGet = MCPMethod("tasks/get")
  /// The result of a task, 2025-11-25.
  public static let tasksResult = MCPMethod("tasks/result")
  /// The tasks, 2025-11-25.
  public static let tasksList = MCPMethod("tasks/list")
  /// Input for a task, modern era.
  public static let tasksUpdate = MCPMethod("tasks/update")
  /// Ends a task.
  public static let tasksCancel = MCPMethod("tasks/cancel")
  /// Server to client: ask the model.
  public static let samplingCreateMessage = MCPMethod("sampling/createMessage")
  /// Server to client: ask the user.
  public static let elicitationCreate = MCPMethod("elicitation/create")
  /// Server to client: the client's roots.
  public static let rootsList = MCPMethod("roots/list")

  /// The client is ready, legacy era.
  public static let initialized = MCPMethod("notifications/initialized")
  /// A request is no longer wanted.
  public static let cancelled = MCPMethod("notifications/cancelled")
  /// How far a request has come.
  public static let progress = MCPMethod("notifications/progress")
  /// A log message.
  public static let logMessage = MCPMethod("notifications/message")
  /// The tools changed.
  public static let toolsListChanged = MCPMethod("notifications/tools/list_changed")
  /// The prompts changed.
  public static let promptsListChanged = MCPMethod("notifications/prompts/list_changed")
  /// The resources changed.
  public static let resourcesListChanged = MCPMethod("notifications/resources/list_changed")
  /// A resource's content changed.
  public static let resourcesUpdated = MCPMethod("notifications/resources/updated")
  /// The client's roots changed, legacy era.
  public static let rootsListChanged = MCPMethod("notifications/roots/list_changed")
  /// A page of an elicitation was finished, 2025-11-25.
  public static let elicitationComplete = MCPMethod("notifications/elicitation/complete")
  /// Which subscriptions are honoured, modern era.
  public static let subscriptionsAcknowledged = MCPMethod("notifications/subscriptions/acknowledged")
  /// The state of a task changed, 2025-11-25.
  public static let tasksStatus = MCPMethod("notifications/tasks/status")
  /// The state of a task changed, modern era.
  public static let tasksNotification = MCPMethod("notifications/tasks")

  /// Every request that a revision defines, in either direction.
  public static let knownRequests: Set<MCPMethod> = [
    initialize, ping, serverDiscover, toolsList, toolsCall, promptsList, promptsGet, resourcesList,
    resourcesTemplatesList, resourcesRead, resourcesSubscribe, resourcesUnsubscribe, completionComplete,
    loggingSetLevel, subscriptionsListen, tasksGet, tasksResult, tasksList, tasksUpdate, tasksCancel,
    samplingCreateMessage, elicitationCreate, rootsList,
  ]

  /// Every notification that a revision defines, in either direction.
  public static let knownNotifications: Set<MCPMethod> = [
    initialized, cancelled, progress, logMessage, toolsListChanged, promptsListChanged, resourcesListChanged,
    resourcesUpdated, rootsListChanged, elicitationComplete, subscriptionsAcknowledged, tasksStatus,
    tasksNotification,
  ]
}
