/// What a rule does where it applies.
public enum PolicyEffect: String, Sendable, CaseIterable {
  /// It may be done, unless another rule refuses it.
  case allow
  /// It may not be done, whatever else is written.
  case deny
  /// It may be done once a person has agreed.
  case requireApproval = "require_approval"
}
