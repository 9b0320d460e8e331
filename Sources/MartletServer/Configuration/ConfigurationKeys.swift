/// A key of `martlet.yaml`.
struct ConfigurationKey: Sendable {
  let name: String
  /// What may stand there.
  let kind: String
  /// What holds when it is left out.
  let fallback: String
  let meaning: String

  init(_ name: String, _ kind: String, _ fallback: String, _ meaning: String) {
    self.name = name
    self.kind = kind
    self.fallback = fallback
    self.meaning = meaning
  }
}

/// Every key that is accepted, section by section; docs/reference/configuration.md is made of this file.
enum ConfigurationKeys {
  private typealias Key = ConfigurationKey

  /// The file itself
  static let root: [ConfigurationKey] = [
    Key("public_url", "origin", "the listener's", "The one origin that clients see. https off loopback, no path."),
    Key("listen", "host:port", "127.0.0.1:8080", "Where Martlet listens. Without a host: every address."),
    Key("tls", "section", "plain HTTP", "The listener's certificate. Files are watched and loaded anew."),
    Key(
      "trusted_proxies", "list of CIDRs", "[]",
      "Proxies whose X-Forwarded-For counts. Plain HTTP off loopback is taken from them alone (403 \"plain_http\"), but for /healthz, /readyz and /metrics."
    ),
    Key(
      "allowed_hosts", "list of host[:port]", "[]",
      "Values of Host that are ours, beside public_url's; without a port: at any port."),
    Key(
      "allowed_origins", "list of origins", "[]; on loopback the MCP Inspector's",
      "Origins whose pages may call MCP routes."),
    Key(
      "http_codec", "martlet or nio", "martlet",
      "Who reads and writes HTTP/1.1: Martlet's own codec, or SwiftNIO's to fall back on. Changes at the next start."),
    Key("data_dir", "path", "data", "The folder of the database and the master key."),
    Key(
      "master_key", "secret", "master.key in data_dir",
      "The key that seals everything: 32 bytes in base64. Several apart by spaces: the first seals, all open. Or who wraps it: {aws_kms: KEY} or {vault_transit: MOUNT/KEY}."
    ),
    Key("log", "section", "", "The log on standard error."),
    Key("servers", "section", "", "The MCP servers, by name. `martlet serve` needs one at least."),
    Key("clients", "section", "", "OAuth clients that are registered beforehand, by client_id."),
    Key("registration", "section", "", "How other clients may become known."),
    Key("tokens", "section", "", "How long tokens live."),
    Key("device_grant", "section", "", "How programs without a browser log in (RFC 8628)."),
    Key("assertion", "section", "", "What servers are told about the caller."),
    Key("secrets", "section", "", "Who keeps secrets that the file names by {vault: …} or {aws_secret: …}."),
    Key("egress", "section", "", "What URLs that strangers name may reach."),
    Key("identity", "section", "", "Who can log in."),
    Key("policy", "section", "every user may do everything", "Who may do what."),
    Key("approvals", "section", "", "Who is told of calls that wait for approval."),
    Key("limits", "section", "nothing is counted", "How much may be done. Nothing is ever counted by address."),
    Key("audit", "section", "", "How long the trail is kept, and where it goes beside the database."),
  ]

  /// tls
  static let tls: [ConfigurationKey] = [
    Key("cert", "path", "required", "PEM file with the certificate chain."),
    Key("key", "path", "required", "PEM file with the private key."),
  ]

  /// log
  static let log: [ConfigurationKey] = [
    Key("format", "json or text", "text", "JSON lines, or text for people."),
    Key("level", "debug, info, warning or error", "info", "What is left out below."),
  ]

  /// servers.NAME
  static let server: [ConfigurationKey] = [
    Key(
      "url", "URL", "required, or urls", "The server's MCP endpoint, or its stream (HTTP+SSE). Its route is /NAME/mcp."),
    Key("urls", "list of URLs or sections", "", "Several instances of the same server, instead of url."),
    Key("tenants", "list of names", "every tenant", "Who may have it."),
    Key(
      "protocol", "auto or a revision", "auto",
      "A revision of MCP to pin, in quotes: \"2025-11-25\". \"2024-11-05\" pins HTTP+SSE."),
    Key(
      "credential", "none, oauth or a section", "none",
      "oauth or {oauth: …}: each user's own account, connected at PUBLIC_URL/connect/NAME. Or one for all, see below."),
    Key(
      "destinations", "list of hosts", "every public host",
      "Where this server may send Martlet to, for its authorization server: auth.example.com, *.example.com. What stands in this file may always be reached."
    ),
  ]

  /// servers.NAME.credential.oauth
  static let credentialOAuth: [ConfigurationKey] = [
    Key(
      "issuer", "URL", "the one that the server names",
      "The authorization server, exactly as it writes itself. It may be in a private network. https off loopback."),
    Key(
      "client_id", "text", "registered by itself",
      "Martlet's client_id there. Its redirect URI is PUBLIC_URL/connect/NAME/callback."),
    Key("client_secret", "secret", "", "Martlet's secret there: {env: NAME} or {file: PATH}. Needs issuer."),
    Key("auth_method", "method", "what is offered", "client_secret_basic or client_secret_post."),
    Key("scopes", "list", "what the server asks for", "The scopes to ask for."),
    Key("resource", "true or false", "true", "Whether the server is named as resource (RFC 8707). Entra refuses it."),
    Key(
      "extra_params", "section", "", "More parameters of the authorization request, such as {access_type: offline}."),
    Key(
      "authorization_endpoint", "URL", "from metadata",
      "Of an authorization server without metadata; then token_endpoint, issuer and client_id must be there too."),
    Key("token_endpoint", "URL", "from metadata", "The same."),
    Key("revocation_endpoint", "URL", "from metadata", "The same, where it has one."),
  ]

  /// servers.NAME.credential.client_credentials
  static let credentialClient: [ConfigurationKey] = [
    Key("issuer", "URL", "required", "The authorization server, exactly as it writes itself. https off loopback."),
    Key("client_id", "text", "required", "Martlet's client_id there."),
    Key("client_secret", "secret", "required, or key", "Martlet's secret there: {env: NAME} or {file: PATH}."),
    Key(
      "key", "secret", "", "A private key in PEM for private_key_jwt with ES256, instead; its kid is the thumbprint."),
    Key("auth_method", "method", "what is offered", "client_secret_basic or client_secret_post, for client_secret."),
    Key("scopes", "list", "[]", "The scopes to ask for."),
    Key("resource", "true or false", "true", "Whether the server is named as resource (RFC 8707)."),
  ]

  /// servers.NAME.credential.token_exchange
  static let credentialExchange: [ConfigurationKey] = [
    Key(
      "provider", "name", "required", "The identity provider (identity.providers) whose users' logins are exchanged."),
    Key(
      "subject_token", "access_token or id_token", "access_token",
      "What of the login is shown to whoever exchanges it."),
    Key("audience", "text", "", "What the token is for, as whoever exchanges it calls the server."),
    Key("scopes", "list", "[]", "The scopes to ask for."),
    Key("resource", "true or false", "true", "Whether the server is named as resource (RFC 8707)."),
    Key("issuer", "URL", "the provider's", "Who exchanges the login, where it isn't the provider. https off loopback."),
    Key("client_id", "text", "the provider's", "Martlet's client_id there. Needs issuer."),
    Key("client_secret", "secret", "the provider's", "Martlet's secret there: {env: NAME} or {file: PATH}."),
    Key("auth_method", "method", "what is offered", "client_secret_basic or client_secret_post, for client_secret."),
  ]

  /// servers.NAME.credential.id_jag
  static let credentialAssertion: [ConfigurationKey] = [
    Key("provider", "name", "required", "The identity provider (identity.providers) that vouches for its users."),
    Key("issuer", "URL", "required", "The server's authorization server, exactly as it writes itself."),
    Key("client_id", "text", "required", "Martlet's client_id there."),
    Key("client_secret", "secret", "", "Martlet's secret there: {env: NAME} or {file: PATH}."),
    Key("auth_method", "method", "what is offered", "client_secret_basic or client_secret_post, for client_secret."),
    Key("audience", "text", "issuer", "What the provider calls that authorization server."),
    Key("scopes", "list", "[]", "The scopes to ask for."),
    Key("resource", "true or false", "true", "Whether the server is named as resource (RFC 8707)."),
  ]

  /// servers.NAME.credential.header
  static let credentialHeader: [ConfigurationKey] = [
    Key("name", "header name", "required", "The field that carries it, such as Authorization or X-API-Key."),
    Key(
      "value", "secret", "required, or per",
      "The whole value: {env: NAME} or {file: PATH}. For Authorization: Bearer and a token."),
    Key(
      "per", "user or tenant", "",
      "Instead of value: each user enters a key at PUBLIC_URL/connect/NAME, or a tenant's administrators enter one for all."
    ),
    Key("prefix", "text", "", "With per: what stands before the key, such as \"Bearer \" with its space."),
  ]

  /// secrets
  static let secrets: [ConfigurationKey] = [
    Key("vault", "section", "", "HashiCorp Vault: {vault: MOUNT/PATH#MEMBER}, key-value store version 2."),
    Key("aws", "section", "", "AWS Secrets Manager: {aws_secret: NAME}, or NAME#MEMBER of a JSON object."),
    Key("ttl", "duration", "5m", "When a value is fetched again; another one is taken in without a restart."),
    Key("stale", "duration", "1h", "How old a value may be that stands in at a reload while its manager is away."),
  ]

  /// secrets.vault
  static let secretsVault: [ConfigurationKey] = [
    Key("address", "URL", "required", "Such as https://vault.example.com:8200. https off loopback."),
    Key("token", "secret", "required", "{env: NAME} or {file: PATH}; a file is read again at each reload."),
    Key("namespace", "text", "", "The namespace, where there are any."),
  ]

  /// secrets.aws
  static let secretsAWS: [ConfigurationKey] = [
    Key("region", "name", "required", "Such as eu-central-1."),
    Key("access_key_id", "text", "required", "The identifier of the access key."),
    Key("secret_access_key", "secret", "required", "{env: NAME} or {file: PATH}."),
    Key("session_token", "secret", "", "The same, for temporary credentials."),
    Key("endpoint", "URL", "AWS's of the region", "Another endpoint of Secrets Manager, such as a VPC's."),
    Key("kms_endpoint", "URL", "AWS's of the region", "The same for KMS: master_key: {aws_kms: KEY}."),
  ]

  /// servers.NAME.urls[]
  static let instance: [ConfigurationKey] = [
    Key("url", "URL", "required", "The instance's MCP endpoint. A URL alone, without a section, says the same."),
    Key("drain", "true or false", "false", "Nothing new goes there, and its sessions move when they are next used."),
  ]

  /// clients.ID
  static let client: [ConfigurationKey] = [
    Key("name", "text", "the id", "What people see when they are asked for consent."),
    Key(
      "grants", "list", "by redirect_uris",
      "authorization_code, refresh_token, client_credentials, urn:ietf:params:oauth:grant-type:device_code."),
    Key("auth", "method", "what fits", "none, client_secret_basic, client_secret_post or private_key_jwt."),
    Key("secret", "secret", "", "The client secret: {env: NAME} or {file: PATH}."),
    Key("jwks", "{file: PATH}", "", "Its public keys, a JSON Web Key Set, for private_key_jwt."),
    Key("jwks_uri", "https URL", "", "Where its public keys are published, instead."),
    Key("redirect_uris", "list of URIs", "[]", "Where answers may go. On loopback addresses any port fits."),
    Key("servers", "list of names", "every server", "The servers that it may reach."),
    Key("tenant", "name", "default", "The tenant that it acts in with client_credentials."),
  ]

  /// registration
  static let registration: [ConfigurationKey] = [
    Key("cimd", "true or false", "true", "Accept Client ID Metadata Documents: a client_id that is a URL."),
    Key("dcr", "true or false", "true", "Accept Dynamic Client Registration (RFC 7591)."),
    Key("unused_ttl", "duration, 60s to 90d", "24h", "When a registered client that was never used goes."),
    Key("unused_clients", "10 to 1000000", "10000", "How many never-used clients are kept at most."),
  ]

  /// device_grant
  static let deviceGrant: [ConfigurationKey] = [
    Key("enabled", "true or false", "true", "Whether clients that you gave the grant may use it; others never can."),
    Key("ttl", "duration, 60s to 30m", "10m", "How long a code waits for its user."),
  ]

  /// tokens
  static let tokens: [ConfigurationKey] = [
    Key("access_ttl", "duration, 1s to 1d", "1h", "How long an access token lives."),
    Key("refresh_ttl", "duration, 1s to 365d", "30d", "How long a refresh token lives that nobody uses."),
    Key("refresh_max_ttl", "duration, 1s to 1825d", "365d", "How long a login lasts, however often it is refreshed."),
    Key("replay_window", "duration, 0s to 1h", "2m", "In which a spent refresh token answers with the same successor."),
    Key("signing_key_ttl", "duration, 1h to 1825d", "90d", "How long a key signs; its successor is published before."),
    Key("reuse", "revoke_family or refuse", "revoke_family", "What a spent refresh token does after that."),
  ]

  /// assertion
  static let assertion: [ConfigurationKey] = [
    Key("header", "header name", "Martlet-Assertion", "The header that tells servers who is calling, as a signed JWT."),
    Key("ttl", "duration, 5s to 1h", "60s", "How long that JWT lives."),
  ]

  /// egress
  static let egress: [ConfigurationKey] = [
    Key(
      "allow", "list of CIDRs", "[]",
      "Private ranges that metadata documents and key sets of strangers may be fetched from."),
    Key("ca_file", "path", "", "PEM file of authorities to trust beside the system's."),
  ]

  /// identity
  static let identity: [ConfigurationKey] = [
    Key("local", "true or false", "true", "Whether users made by `martlet user add` may log in."),
    Key("providers", "section", "", "OpenID Connect providers, by name."),
  ]

  /// identity.providers.NAME
  static let provider: [ConfigurationKey] = [
    Key("issuer", "URL", "required", "The issuer, exactly as the provider writes it. https off loopback."),
    Key(
      "client_id", "text", "required", "Martlet's client_id there. Its redirect URI is PUBLIC_URL/login/NAME/callback."),
    Key("client_secret", "secret", "", "Martlet's secret there: {env: NAME} or {file: PATH}."),
    Key("tenant_claim", "claim", "", "The claim of the ID token that names the tenant; without it, default."),
    Key("groups_claim", "claim", "", "The claim of the ID token that lists groups."),
    Key("scopes", "list", "[openid, profile, email]", "The scopes to ask for."),
  ]

  /// policy
  static let policy: [ConfigurationKey] = [
    Key("default", "allow or deny", "allow", "What happens where no rule says anything."),
    Key(
      "pin_tools", "true or false", "false",
      "Whether tools whose definition has changed are hidden and refused until `martlet tool accept`."),
    Key("roles", "section", "", "Who belongs together, by name, for who.roles of the rules."),
    Key(
      "rules", "list of sections", "[]", "The rules. One that denies wins over all others; their order doesn't matter."),
    Key("opa", "section", "", "Open Policy Agent, which decides beside the rules: what either refuses is refused."),
  ]

  /// policy.roles.NAME
  static let policyRole: [ConfigurationKey] = [
    Key("users", "list", "", "Login names, or ids (usr_…) of users who come from a provider."),
    Key("groups", "list", "", "Groups, as the provider's groups_claim lists them. A user must be in one."),
    Key("tenants", "list of names", "", "Tenants."),
    Key("clients", "list", "", "OAuth clients, by client_id. Of everything that is named, all must hold."),
  ]

  /// policy.rules[]
  static let policyRule: [ConfigurationKey] = [
    Key("name", "name", "required", "What the trail and `martlet policy explain` call it."),
    Key("effect", "allow, deny or require_approval", "required", "What it does where it applies."),
    Key("who", "section", "everybody", "Whom it is about. Of everything that is named, all must hold."),
    Key("what", "section", "everything", "What it is about. Without more than servers: a server as a whole."),
    Key("when", "section", "always", "Under which conditions. All must hold."),
    Key(
      "approvers", "list", "required for require_approval",
      "Roles of policy.roles; whoever is in one, in the caller's tenant, may decide. Roles that name clients fit nobody."
    ),
    Key("self", "true or false", "false", "Whether somebody may approve calls of their own."),
    Key(
      "expires", "duration, 1m to 7d", "15m", "How long a decision is waited for, and how long it is good once made."),
  ]

  /// policy.rules[].who
  static let policyWho: [ConfigurationKey] = [
    Key("roles", "list", "", "Roles of policy.roles; one is enough."),
    Key("users", "list", "", "Login names, or ids (usr_…) of users who come from a provider."),
    Key("groups", "list", "", "Groups; one is enough."),
    Key("tenants", "list of names", "", "Tenants."),
    Key("clients", "list", "", "OAuth clients, by client_id."),
  ]

  /// policy.rules[].what
  static let policyWhat: [ConfigurationKey] = [
    Key("servers", "list of patterns", "every server", "Servers. In patterns, * stands for anything."),
    Key("tools", "list of patterns", "", "Tools, by name. Rules that deny don't care for upper and lower case."),
    Key("prompts", "list of patterns", "", "Prompts, by name."),
    Key("resources", "list of patterns", "", "Resources, by URI; templates of resources as they are written."),
    Key(
      "annotations", "section", "",
      "What tools say of themselves. Tools that the server doesn't list are refused then."),
  ]

  /// policy.rules[].what.annotations
  static let policyAnnotations: [ConfigurationKey] = [
    Key("read_only", "true or false", "", "The tool's readOnlyHint; false where it says nothing."),
    Key("destructive", "true or false", "", "Its destructiveHint; true where it says nothing and isn't read-only."),
    Key("idempotent", "true or false", "", "Its idempotentHint; false where it says nothing."),
    Key("open_world", "true or false", "", "Its openWorldHint; true where it says nothing."),
  ]

  /// policy.rules[].when
  static let policyWhen: [ConfigurationKey] = [
    Key(
      "arguments", "section", "",
      "Arguments of the call, by name (repo.owner for a value inside): a value, or a section of demands."),
    Key("time", "section", "", "At what time of the week."),
  ]

  /// policy.rules[].when.arguments.NAME
  static let policyArgument: [ConfigurationKey] = [
    Key("one_of", "list of values", "", "It is one of these."),
    Key("not_one_of", "list of values", "", "It is none of these."),
    Key("like", "list of patterns", "", "It is a text that fits one of these."),
    Key("not_like", "list of patterns", "", "It is a text that fits none of these."),
    Key("at_most", "number", "", "It is a number, and not more."),
    Key("at_least", "number", "", "It is a number, and not less."),
    Key("present", "true or false", "", "It is there, or isn't."),
    Key(
      "internal_url", "true or false", "",
      "It is a URL of an address or a name that isn't public, or isn't. What a public name resolves to isn't looked at."
    ),
    Key("url_host", "list of hosts", "", "It is an http or https URL of one of these: api.example.com, *.example.com."),
    Key("not_url_host", "list of hosts", "", "It is an http or https URL of none of these."),
  ]

  /// policy.rules[].when.time
  static let policyTime: [ConfigurationKey] = [
    Key("days", "list", "every day", "mon, tue, wed, thu, fri, sat, sun."),
    Key("from", "time, in quotes", "00:00", "When it begins: \"09:00\"."),
    Key("until", "time, in quotes", "24:00", "When it ends; before from, it ends on the next day."),
    Key("utc_offset", "distance, in quotes", "+00:00", "How far the clock is ahead of UTC: \"+01:00\"."),
  ]

  /// policy.opa
  static let policyOPA: [ConfigurationKey] = [
    Key(
      "url", "URL", "required",
      "The document that decides: http://127.0.0.1:8181/v1/data/martlet/allow. https off loopback."),
    Key("timeout", "duration, 50ms to 10s", "1s", "What a question may take. Nothing is allowed without an answer."),
    Key("cache", "duration, 0s to 5m", "10s", "How long an answer is remembered."),
    Key("token", "secret", "", "A bearer that it wants: {env: NAME} or {file: PATH}."),
  ]

  /// approvals
  static let approvals: [ConfigurationKey] = [
    Key("webhook", "section", "", "Where a signed notice is posted for each call that begins to wait.")
  ]

  /// approvals.webhook
  static let approvalWebhook: [ConfigurationKey] = [
    Key("url", "URL", "required", "Where. It may be in a private network. https off loopback."),
    Key(
      "secret", "secret", "required",
      "Signs the notice: Martlet-Signature is t=TIME,v1=HMAC-SHA-256 in hexadecimal, of TIME, a full stop and the body."
    ),
  ]

  /// limits
  static let limits: [ConfigurationKey] = [
    Key("rates", "list of sections", "[]", "So many calls in so much time. A call needs room under all of them."),
    Key("concurrent", "list of sections", "[]", "So many calls at the same time."),
    Key(
      "daily", "list of sections", "[]", "So many calls on one day (UTC), counted over restarts and by all processes."),
    Key("costs", "list of sections", "[]", "Calls that count for more than one under rates and daily."),
    Key("loops", "section", "", "How often one client may repeat a call of a tool with the same arguments."),
  ]

  /// limits.rates[]
  static let limitRate: [ConfigurationKey] = [
    Key("name", "name", "required", "What a refusal and the trail call it."),
    Key(
      "per", "list", "required",
      "What is counted apart: tenant, user, client, key (a grant), session, server, tool. Always within a tenant."),
    Key("calls", "1 to 1000000", "required", "How many calls."),
    Key("every", "duration, 1s to 1d", "required", "In which time."),
    Key("burst", "1 to 1000000", "as calls", "How many may come at once."),
    Key("servers", "list of patterns", "every server", "The servers that it is about."),
    Key("tools", "list of patterns", "", "Tools that it is about; without it, every request that a server works for."),
  ]

  /// limits.concurrent[]
  static let limitConcurrent: [ConfigurationKey] = [
    Key("name", "name", "required", "What a refusal and the trail call it."),
    Key("per", "list", "required", "What is counted apart, as for rates."),
    Key("calls", "1 to 1000000", "required", "How many calls at the same time."),
    Key("servers", "list of patterns", "every server", "The servers that it is about."),
    Key("tools", "list of patterns", "", "Tools that it is about; without it, every request that a server works for."),
  ]

  /// limits.daily[]
  static let limitDaily: [ConfigurationKey] = [
    Key("name", "name", "required", "What a refusal and the trail call it."),
    Key("per", "list", "required", "What is counted apart, as for rates; not session."),
    Key("calls", "1 to 1000000", "required", "How many calls on a day."),
    Key("servers", "list of patterns", "every server", "The servers that it is about."),
    Key("tools", "list of patterns", "", "Tools that it is about; without it, every request that a server works for."),
  ]

  /// limits.costs[]
  static let limitCost: [ConfigurationKey] = [
    Key("calls", "1 to 1000000", "required", "For how many a call counts; the most where several fit."),
    Key("servers", "list of patterns", "every server", "The servers that it is about."),
    Key("tools", "list of patterns", "", "The tools that it is about."),
  ]

  /// limits.loops
  static let limitLoops: [ConfigurationKey] = [
    Key("calls", "1 to 1000000", "required", "How often."),
    Key("within", "duration, 1s to 1d", "required", "In which time."),
  ]

  /// audit
  static let audit: [ConfigurationKey] = [
    Key("retention", "duration, 1d to 3650d", "90d", "How long records are kept; then they are removed."),
    Key("tenants", "section", "", "Tenants whose records are kept for another time, by name."),
    Key(
      "sinks", "list of sections", "[]",
      "Where the trail goes too: {file: …}, {syslog: …}, {webhook: …} or {otlp: …}; with `tenants`, a list, theirs alone. Changes at the next start."
    ),
  ]

  /// audit.tenants.NAME
  static let auditTenant: [ConfigurationKey] = [
    Key("retention", "duration, 1d to 3650d", "audit.retention", "How long this tenant's records are kept.")
  ]

  /// audit.sinks[].file
  static let sinkFile: [ConfigurationKey] = [
    Key("path", "path", "required", "JSON lines go to its end; SIGHUP opens it anew. {file: PATH} says the same."),
    Key("sync", "batch or never", "batch", "Whether lines reach the disk before they count as written."),
  ]

  /// audit.sinks[].syslog
  static let sinkSyslog: [ConfigurationKey] = [
    Key(
      "address", "udp://, tcp:// or unix://", "required",
      "Where syslog listens (RFC 5424): udp://host:514, tcp://host:601, unix:///PATH. {syslog: ADDRESS} says the same."),
    Key("facility", "0 to 23", "13", "The facility; 13 is log audit, 10 is authpriv."),
  ]

  /// audit.sinks[].webhook
  static let sinkWebhook: [ConfigurationKey] = [
    Key("url", "URL", "required", "Where records are posted. https off loopback."),
    Key("secret", "secret", "required", "Signs posts as Standard Webhooks do: whsec_ and base64, or plain bytes."),
  ]

  /// audit.sinks[].otlp
  static let sinkOTLP: [ConfigurationKey] = [
    Key(
      "url", "URL", "required",
      "The collector's endpoint for logs over HTTP: http://127.0.0.1:4318/v1/logs. {otlp: URL} says the same."),
    Key("headers", "section", "", "Header fields by name, with secrets as values: {env: NAME} or {file: PATH}."),
  ]
}
