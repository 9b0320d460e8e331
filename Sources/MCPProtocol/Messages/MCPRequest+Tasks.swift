import StrictCoding

/// Tasks: those of 2025-11-25, and the extension of 2026-07-28.
extension MCPRequest {
  /// Which tasks it is about: the one that `tasks/…` names, or those that a subscription listens for, wherever in its filter
  /// they stand.
  ///
  /// - Throws: `-32602` where they aren't texts.
  public func taskIDs() throws(MCPMessageError) -> [String] {
    switch method {
    case .tasksList: return []
    case .subscriptionsListen:
      var ids: [String] = []
      if let filter = parameter("notifications") { try collectTasks(in: filter, &ids) }
      return ids
    case let method where method.isOfTasks:
      guard let task = parameter("taskId")?.stringValue else {
        throw .invalidParams("params.taskId must be a string", id: id)
      }
      return [task]
    default: return []
    }
  }

  /// A key that a careless reader would take for one of those names tasks too.
  private func collectTasks(in value: JSONValue, _ ids: inout [String]) throws(MCPMessageError) {
    switch value {
    case .object(let object):
      for (key, value) in object.members {
        if ReservedKeys.tasks.isMeant(by: key) { try takeTasks(value, &ids) } else { try collectTasks(in: value, &ids) }
      }
    case .array(let elements): for element in elements { try collectTasks(in: element, &ids) }
    case .null, .bool, .number, .string: break
    }
  }

  private func takeTasks(_ value: JSONValue, _ ids: inout [String]) throws(MCPMessageError) {
    switch value {
    case .null: break
    case .string(let task): ids.append(task)
    case .array(let elements): for element in elements { try takeTasks(element, &ids) }
    case .object, .bool, .number: throw .invalidParams("ids of tasks must be strings", id: id)
    }
  }

  /// Whether its answer may be a task: the client asked for one, or declared that it understands them.
  public var mayBecomeTask: Bool { parameter("task") != nil || metadata.declares(extension: TaskExtension.name) }
}

extension MCPMethod {
  /// Whether it is one of `tasks/…`, known or not.
  public var isOfTasks: Bool { name.startsBytewise(with: "tasks/") }
}

extension MCPResponse {
  /// The id of the task that the request became, or nil.
  public var begunTask: String? {
    guard let result else { return nil }
    if let task = result["task"] { return task["taskId"]?.stringValue }
    return result["resultType"]?.stringValue?.equalsBytewise("task") == true ? result["taskId"]?.stringValue : nil
  }
}

/// The tasks of the modern era, which are an extension.
public enum TaskExtension {
  /// Under which clients and servers declare it.
  public static let name = "io.modelcontextprotocol/tasks"

  /// The other extensions of capabilities: they mean the same in either era, and tasks don't.
  ///
  /// - Returns: nil where there is none.
  public static func others(in capabilities: JSONObject) -> JSONValue? {
    var extensions = capabilities["extensions"]?.objectValue ?? JSONObject()
    extensions[name] = nil
    return extensions.isEmpty ? Optional.none : .object(extensions)
  }
}
