import MartletDomain
import OAuthProtocol

/// Where secrets are kept (`secrets` in the file).
struct SecretManagers: Sendable {
  /// HashiCorp Vault, or what speaks like it.
  struct Vault: Sendable {
    let address: AbsoluteURL
    let token: Secret
    let namespace: String?
  }

  /// AWS Secrets Manager, and KMS.
  struct AWS: Sendable {
    let endpoint: AbsoluteURL
    /// KMS's.
    let keyEndpoint: AbsoluteURL?
    let region: String
    let accessKeyID: String
    let secretAccessKey: Secret
    let sessionToken: Secret?
  }

  var vault: Vault?
  var aws: AWS?
  /// How long a value is taken for the newest.
  var ttl: Duration = .seconds(300)
  /// How long it stands in for one that can't be fetched.
  var stale: Duration = .seconds(3600)
  /// PEM file of authorities to trust beside the system's (`egress.ca_file`).
  var certificateAuthorityFile: String?
}
