import MartletDomain
import MartletTestSupport
import Testing

/// The memory store passes the contract suite of every store.
@Suite struct MemoryStoreTests {
  let makeStore: StoreMaker = { MemoryStore() }
  let makeStores: SharedStoreMaker = { handles in Array(repeating: MemoryStore(), count: handles) }

  @Test func V_032_anApprovalFitsOneCall() async throws {
    try await ApprovalStoreContract.anApprovalFitsOneCall(makeStore: makeStore)
  }
  @Test func V_032_grantsEnd() async throws { try await ApprovalStoreContract.grantsEnd(makeStore: makeStore) }
  @Test func clientsComeBackAsStored() async throws {
    try await ClientStoreContract.clientsComeBackAsStored(makeStore: makeStore)
  }
  @Test func S_03_identifiersAreBytes() async throws {
    try await ClientStoreContract.identifiersAreBytes(makeStore: makeStore)
  }
  @Test func G7_publicRegistrationIsIdempotent() async throws {
    try await ClientStoreContract.publicRegistrationIsIdempotent(makeStore: makeStore)
  }
  @Test func V_058_registeringAtOnceMakesOneClient() async throws {
    try await ClientStoreContract.registeringAtOnceMakesOneClient(makeStores: makeStores)
  }
  @Test func takenIDReplacesNothing() async throws {
    try await ClientStoreContract.takenIDReplacesNothing(makeStore: makeStore)
  }
  @Test func V_100_floodStaysInItsQuota() async throws {
    try await RegistrationFloodContract.floodStaysInItsQuota(makeStore: makeStore)
  }
  @Test func V_100_newcomersGetIn() async throws {
    try await RegistrationFloodContract.newcomersGetIn(makeStore: makeStore)
  }
  @Test func V_100_othersKeepTheirs() async throws {
    try await RegistrationFloodContract.othersKeepTheirs(makeStore: makeStore)
  }
  @Test func R_25_onlyUnusedRegistrationsExpire() async throws {
    try await ClientStoreContract.onlyUnusedRegistrationsExpire(makeStore: makeStore)
  }
  @Test func A1_beginningAgainAnswersTheSame() async throws {
    try await AuthorizationStoreContract.beginningAgainAnswersTheSame(makeStore: makeStore)
  }
  @Test func V_023_finishesOnce() async throws {
    try await AuthorizationStoreContract.finishesOnce(makeStores: makeStores)
  }
  @Test func refusalLeavesNoCode() async throws {
    try await AuthorizationStoreContract.refusalLeavesNoCode(makeStore: makeStore)
  }
  @Test func N_09_secondRedemptionRevokesTheFamily() async throws {
    try await AuthorizationStoreContract.secondRedemptionRevokesTheFamily(makeStore: makeStore)
  }
  @Test func V_058_redeemingAtOnceBeginsOneFamily() async throws {
    try await AuthorizationStoreContract.redeemingAtOnceBeginsOneFamily(makeStores: makeStores)
  }
  @Test func N_09_endedCodeBeginsNothing() async throws {
    try await AuthorizationStoreContract.endedCodeBeginsNothing(makeStore: makeStore)
  }
  @Test func R_25_redeemingMarksTheClientAsUsed() async throws {
    try await AuthorizationStoreContract.redeemingMarksTheClientAsUsed(makeStore: makeStore)
  }
  @Test func programsWithoutABrowserAreDecidedOnce() async throws {
    try await DeviceContract.decidedAndRedeemedOnce(makeStore: makeStore)
  }
  @Test func programsWithoutABrowserArePaced() async throws {
    try await DeviceContract.paced(makeStore: makeStore)
  }
  @Test func programsWithoutABrowserStayInTheirRoom() async throws {
    try await DeviceContract.floodStaysInItsRoom(makeStore: makeStore)
  }
  @Test func V_100_authorizationsStayInTheirRoom() async throws {
    try await PendingRoomContract.floodStaysInItsRoom(makeStore: makeStore)
  }
  @Test func V_100_newAuthorizationsGetIn() async throws {
    try await PendingRoomContract.newcomersGetIn(makeStore: makeStore)
  }
  @Test func V_100_authorizationsWithALoginAreBounded() async throws {
    try await PendingRoomContract.loginsAreBounded(makeStore: makeStore)
  }
  @Test func onlyExpiredAuthorizationsGo() async throws {
    try await AuthorizationStoreContract.onlyExpiredAuthorizationsGo(makeStore: makeStore)
  }
  @Test func V_018b_consentIsBound() async throws { try await ConsentContract.consentIsBound(makeStore: makeStore) }
  @Test func consentGrows() async throws { try await ConsentContract.consentGrows(makeStore: makeStore) }
  @Test func consentsAreForgotten() async throws {
    try await ConsentContract.consentsAreForgotten(makeStore: makeStore)
  }
  @Test func assertionCountsOnce() async throws {
    try await ConsentContract.assertionCountsOnce(makeStores: makeStores)
  }
  @Test func V_055_nothingIsCrossTyped() async throws {
    try await ArtefactContract.nothingIsCrossTyped(makeStore: makeStore)
  }

  @Test func rotationFollowsTheChain() async throws {
    try await RefreshTokenStoreContract.rotationFollowsTheChain(makeStore: makeStore)
  }
  @Test func R_20_V_058_oneSuccessor() async throws {
    try await RefreshRaceContract.oneSuccessor(makeStores: makeStores, handles: 1)
  }
  @Test func R_21_lostReplyIsRepeated() async throws {
    try await RefreshTokenStoreContract.lostReplyIsRepeated(makeStore: makeStore)
  }
  @Test func R_22_olderGenerationIsReuse() async throws {
    try await RefreshTokenStoreContract.olderGenerationIsReuse(makeStore: makeStore)
  }
  @Test func R_23_V_072_replayAfterTheWindowIsReuse() async throws {
    try await RefreshTokenStoreContract.replayAfterTheWindowIsReuse(makeStore: makeStore)
  }
  @Test func R_23_anotherClientIsUnknown() async throws {
    try await RefreshTokenStoreContract.anotherClientIsUnknown(makeStore: makeStore)
  }
  @Test func refusingKeepsTheFamily() async throws {
    try await RefreshTokenStoreContract.refusingKeepsTheFamily(makeStore: makeStore)
  }
  @Test func lifetimesEnd() async throws { try await RefreshTokenStoreContract.lifetimesEnd(makeStore: makeStore) }
  @Test func familiesAreRevokedByTarget() async throws {
    try await RefreshTokenStoreContract.familiesAreRevokedByTarget(makeStore: makeStore)
  }
  @Test func R_25_housekeepingKeepsWhatLives() async throws {
    try await RefreshRaceContract.housekeepingKeepsWhatLives(makeStore: makeStore)
  }
  @Test func revocationsComeInOrder() async throws {
    try await RevocationStoreContract.rowsComeInOrder(makeStore: makeStore)
  }
  @Test func revocationFollowerMissesNothing() async throws {
    try await RevocationStoreContract.followerMissesNothing(makeStores: makeStores)
  }

  @Test func loginNamesAreUnique() async throws {
    try await UserStoreContract.loginNamesAreUnique(makeStore: makeStore)
  }
  @Test func creatingAtOnceMakesOneUser() async throws {
    try await UserStoreContract.creatingAtOnceMakesOneUser(makeStores: makeStores)
  }
  @Test func V_070_issuerAndSubjectAreTheIdentity() async throws {
    try await UserStoreContract.issuerAndSubjectAreTheIdentity(makeStore: makeStore)
  }
  @Test func V_070_upsertingAtOnceMakesOneUser() async throws {
    try await UserStoreContract.upsertingAtOnceMakesOneUser(makeStores: makeStores)
  }
  @Test func usersAreChanged() async throws { try await UserStoreContract.usersAreChanged(makeStore: makeStore) }
  @Test func loginSessionsEnd() async throws { try await LoginSessionStoreContract.sessionsEnd(makeStore: makeStore) }
  @Test func federatedLoginsAreBounded() async throws {
    try await LoginSessionStoreContract.federatedLoginsAreBounded(makeStore: makeStore)
  }

  @Test func federatedLoginIsTakenOnce() async throws {
    try await LoginSessionStoreContract.federatedLoginIsTakenOnce(makeStores: makeStores)
  }
  @Test func signingKeysRotate() async throws { try await SigningKeyStoreContract.keysRotate(makeStore: makeStore) }
  @Test func R_80_rotatingAtOnceAddsOneKey() async throws {
    try await SigningKeyStoreContract.rotatingAtOnceAddsOneKey(makeStores: makeStores)
  }
  @Test func sessionsFollowTheirUpstream() async throws {
    try await SessionStoreContract.sessionsFollowTheirUpstream(makeStore: makeStore)
  }
  @Test func documentsAreReplaced() async throws {
    try await SessionStoreContract.documentsAreReplaced(makeStore: makeStore)
  }
  @Test func auditEventsComeBack() async throws { try await AuditStoreContract.eventsComeBack(makeStore: makeStore) }
  @Test func A_03_trailsAreChains() async throws {
    try await AuditStoreContract.A_03_trailsAreChains(makeStore: makeStore)
  }
  @Test func eventsAreFound() async throws { try await AuditStoreContract.eventsAreFound(makeStore: makeStore) }
  @Test func A_13_tenantsHaveARetentionOfTheirOwn() async throws {
    try await AuditStoreContract.A_13_tenantsHaveARetentionOfTheirOwn(makeStore: makeStore)
  }

  @Test func flowsAreSummedUp() async throws { try await AuditStoreContract.flowsAreSummedUp(makeStore: makeStore) }
  @Test func callsAreSummedUp() async throws { try await CallSumStoreContract.callsAreSummedUp(makeStore: makeStore) }
  @Test func A_45_keysOfCallSumsAreBounded() async throws {
    try await CallSumStoreContract.A_45_keysAreBounded(makeStore: makeStore)
  }
  @Test func oneTellsASink() async throws { try await TrailCursorStoreContract.oneTellsASink(makeStore: makeStore) }

  @Test func connectionsComeBackAsStored() async throws {
    try await ConnectionStoreContract.connectionsComeBackAsStored(makeStore: makeStore)
  }
  @Test func establishingIsByVersion() async throws {
    try await ConnectionStoreContract.establishingIsByVersion(makeStores: makeStores)
  }
  @Test func A_31_keysComeBackAsStored() async throws {
    try await APIKeyStoreContract.keysComeBackAsStored(makeStore: makeStore)
  }
  @Test func A_32_R_84_endingsAreFollowed() async throws {
    try await APIKeyStoreContract.endingsAreFollowed(makeStore: makeStore)
  }
  @Test func V_058_oneGetsTheName() async throws { try await APIKeyStoreContract.oneGetsIt(makeStores: makeStores) }
  @Test func adminTokensAndServiceAccounts() async throws {
    try await APIKeyStoreContract.adminTokensAndServiceAccounts(makeStore: makeStore)
  }
  @Test func departuresAreTakenOnce() async throws {
    try await ConnectingStoreContract.departuresAreTakenOnce(makeStores: makeStores)
  }
  @Test func ticketsAreSpentOnce() async throws {
    try await ConnectingStoreContract.ticketsAreSpentOnce(makeStores: makeStores)
  }
  @Test func departuresAreFew() async throws {
    try await ConnectingStoreContract.departuresAreFew(makeStore: makeStore)
  }
  @Test func registrationsAreKept() async throws {
    try await ConnectingStoreContract.registrationsAreKept(makeStore: makeStore)
  }
  @Test func demandsAreKept() async throws { try await ConnectingStoreContract.demandsAreKept(makeStore: makeStore) }
  @Test func dueIsWhatIsDue() async throws { try await ConnectionStoreContract.dueIsWhatIsDue(makeStore: makeStore) }
  @Test func connectionChangesAreFollowed() async throws {
    try await ConnectionStoreContract.changesAreFollowed(makeStores: makeStores)
  }
  @Test func A_20_dataKeysAreAddedOnce() async throws {
    try await ConnectionStoreContract.dataKeysAreAddedOnce(makeStores: makeStores)
  }
  @Test func R_01_oneClaimAtATime() async throws {
    try await RefreshLeaseContract.oneClaimAtATime(makeStores: makeStores, handles: 1)
  }
  @Test func R_06_staleHolderIsFenced() async throws {
    try await RefreshLeaseContract.staleHolderIsFenced(makeStores: makeStores)
  }
  @Test func R_08_R_09_R_10_failuresTakeNothingAway() async throws {
    try await RefreshLeaseContract.failuresTakeNothingAway(makeStore: makeStore)
  }
  @Test func revokingTakesTheCredential() async throws {
    try await RefreshLeaseContract.revokingTakesTheCredential(makeStore: makeStore)
  }
  @Test func storesDecideAsTheLedger() async throws {
    try await RefreshLeaseContract.storesDecideAsTheLedger(makeStore: makeStore)
  }

  @Test func failingStoreFails() async throws {
    let store = MemoryStore()
    store.fail(with: .unavailable("a test"))
    await #expect(throws: StoreError.unavailable("a test")) { _ = try await store.users() }
    store.fail(with: nil)
    #expect(try await store.users() == [])
  }
}
