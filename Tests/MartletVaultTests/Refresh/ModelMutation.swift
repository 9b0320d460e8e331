/// Mistakes that gateways have made (security-checks §4.1). With any of them the search has to find a violation.
enum ModelMutation: CaseIterable {
  case asksThoughTheStoreFailed
  case asksAgainUnderTheSameLease
  case asksAfterTheLease
  case takesOverLiveLeases
  case storesOverNewerVersions
  case storesInTheMidstOfAnotherLease
  case believesAnyRefusal
  case takesOutagesForRefusals
  case dropsTokensWhenTheStoreFails
  case forgetsTheJournal
  case overlooksTheJournal
  case spillsOverNewerTokens
  case neverTakesOver
}
