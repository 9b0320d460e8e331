/// What the commands about policy have in common.
enum PolicyWords {
  static let engine = "That is what the rules say. The engine at policy.opa has to allow it too, and wasn't asked."
}
