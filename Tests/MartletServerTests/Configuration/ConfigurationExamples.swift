/// Texts that tests start from.
enum ConfigurationExamples {
  /// Every key that there is.
  static let complete = """
    public_url: https://gateway.example.com      # the one origin that clients see; https required off loopback
    listen: 127.0.0.1:8443
    tls: {cert: cert.pem, key: key.pem}
    trusted_proxies: [10.0.0.0/8, "::1"]
    allowed_hosts: ["gateway.internal:8443"]
    allowed_origins: [http://localhost:6274]
    data_dir: ./data
    log: {format: json, level: debug}
    servers:
      time:                                # route /time/mcp
        url: http://127.0.0.1:9001/mcp
        tenants: [default]
        protocol: auto
        credential: none
      weather:
        urls: [http://10.0.0.1/mcp, {url: http://10.0.0.2/mcp, drain: true}]
        protocol: "2025-11-25"
        credential: {header: {name: X-API-Key, value: {env: WEATHER_KEY}}}
    clients:
      ci: {grants: [client_credentials], auth: private_key_jwt, jwks: {file: ci.jwks}, servers: [time]}
      editor: {name: An editor, redirect_uris: ["http://127.0.0.1/callback"]}
    registration: {cimd: false, dcr: false, unused_ttl: 12h, unused_clients: 100}
    tokens:
      access_ttl: 2h
      refresh_ttl: 20d
      refresh_max_ttl: 300d
      replay_window: 1m
      signing_key_ttl: 30d
      reuse: refuse
    assertion: {header: X-Caller, ttl: 30s}
    egress:
      allow: [127.0.0.0/8]
      ca_file: ca.pem
    identity:
      local: true
      providers:
        corp:
          issuer: https://id.example.com
          client_id: martlet
          client_secret: {env: CORP_CLIENT_SECRET}
          tenant_claim: org_id
          groups_claim: groups
    """

  static let keySet = """
    {"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "alg": "ES256",
      "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}
    """

  static let files = [
    "cert.pem": "c", "key.pem": "k", "ca.pem": "a", "ci.jwks": keySet, "empty": "\n", "secret": "s3\r\n",
    "lines": "a\r\nb",
  ]
}
