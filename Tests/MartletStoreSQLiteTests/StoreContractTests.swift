import MartletDomain
import MartletTestSupport
import Testing

private let stores = TestedStore.allCases

/// What every store promises, each store in turn; where it says "at once", over several handles on the same data.
@Suite(.serialized) struct StoreContractTests {
  @Test(arguments: stores) func V_032_anApprovalFitsOneCall(_ store: TestedStore) async throws {
    try await ApprovalStoreContract.anApprovalFitsOneCall(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_032_anApprovalIsSpentOnce(_ store: TestedStore) async throws {
    try await ApprovalStoreContract.anApprovalIsSpentOnce(makeStores: store.sharedMaker, attempts: 200)
  }
  @Test(arguments: stores) func V_032_grantsEnd(_ store: TestedStore) async throws {
    try await ApprovalStoreContract.grantsEnd(makeStore: store.maker)
  }
  @Test(arguments: stores) func quotasAreNeverExceeded(_ store: TestedStore) async throws {
    try await ApprovalStoreContract.quotasAreNeverExceeded(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func V_031_changedToolsAreNotTrusted(_ store: TestedStore) async throws {
    try await ToolPinStoreContract.changedToolsAreNotTrusted(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_015_tasksAreTheirOwners(_ store: TestedStore) async throws {
    try await TaskOwnerStoreContract.tasksAreTheirOwners(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_015_theFirstOwnerStays(_ store: TestedStore) async throws {
    try await TaskOwnerStoreContract.theFirstOwnerStays(makeStore: store.maker)
  }
  @Test(arguments: stores) func R_63_tasksHaveInstances(_ store: TestedStore) async throws {
    try await TaskOwnerStoreContract.tasksHaveInstances(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_015_oneOfManyOwnsATask(_ store: TestedStore) async throws {
    try await TaskOwnerStoreContract.oneOfManyOwnsATask(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func V_015_theOldestTasksAreForgotten(_ store: TestedStore) async throws {
    try await TaskOwnerStoreContract.theOldestAreForgotten(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_015_tasksGoWithTheirTenant(_ store: TestedStore) async throws {
    try await TaskOwnerStoreContract.tasksGoWithTheirTenant(makeStore: store.maker)
  }
  @Test(arguments: stores) func clientsComeBackAsStored(_ store: TestedStore) async throws {
    try await ClientStoreContract.clientsComeBackAsStored(makeStore: store.maker)
  }
  @Test(arguments: stores) func S_03_identifiersAreBytes(_ store: TestedStore) async throws {
    try await ClientStoreContract.identifiersAreBytes(makeStore: store.maker)
  }
  @Test(arguments: stores) func G7_publicRegistrationIsIdempotent(_ store: TestedStore) async throws {
    try await ClientStoreContract.publicRegistrationIsIdempotent(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_058_registeringAtOnceMakesOneClient(_ store: TestedStore) async throws {
    try await ClientStoreContract.registeringAtOnceMakesOneClient(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func takenIDReplacesNothing(_ store: TestedStore) async throws {
    try await ClientStoreContract.takenIDReplacesNothing(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_100_floodStaysInItsQuota(_ store: TestedStore) async throws {
    try await RegistrationFloodContract.floodStaysInItsQuota(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_100_newcomersGetIn(_ store: TestedStore) async throws {
    try await RegistrationFloodContract.newcomersGetIn(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_100_othersKeepTheirs(_ store: TestedStore) async throws {
    try await RegistrationFloodContract.othersKeepTheirs(makeStore: store.maker)
  }
  @Test(arguments: stores) func R_25_onlyUnusedRegistrationsExpire(_ store: TestedStore) async throws {
    try await ClientStoreContract.onlyUnusedRegistrationsExpire(makeStore: store.maker)
  }
  @Test(arguments: stores) func A1_beginningAgainAnswersTheSame(_ store: TestedStore) async throws {
    try await AuthorizationStoreContract.beginningAgainAnswersTheSame(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_023_finishesOnce(_ store: TestedStore) async throws {
    try await AuthorizationStoreContract.finishesOnce(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func refusalLeavesNoCode(_ store: TestedStore) async throws {
    try await AuthorizationStoreContract.refusalLeavesNoCode(makeStore: store.maker)
  }
  @Test(arguments: stores) func N_09_secondRedemptionRevokesTheFamily(_ store: TestedStore) async throws {
    try await AuthorizationStoreContract.secondRedemptionRevokesTheFamily(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_058_redeemingAtOnceBeginsOneFamily(_ store: TestedStore) async throws {
    try await AuthorizationStoreContract.redeemingAtOnceBeginsOneFamily(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func N_09_endedCodeBeginsNothing(_ store: TestedStore) async throws {
    try await AuthorizationStoreContract.endedCodeBeginsNothing(makeStore: store.maker)
  }
  @Test(arguments: stores) func R_25_redeemingMarksTheClientAsUsed(_ store: TestedStore) async throws {
    try await AuthorizationStoreContract.redeemingMarksTheClientAsUsed(makeStore: store.maker)
  }
  @Test(arguments: stores) func programsWithoutABrowserAreDecidedOnce(_ store: TestedStore) async throws {
    try await DeviceContract.decidedAndRedeemedOnce(makeStore: store.maker)
  }
  @Test(arguments: stores) func programsWithoutABrowserArePaced(_ store: TestedStore) async throws {
    try await DeviceContract.paced(makeStore: store.maker)
  }
  @Test(arguments: stores) func programsWithoutABrowserStayInTheirRoom(_ store: TestedStore) async throws {
    try await DeviceContract.floodStaysInItsRoom(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_100_authorizationsStayInTheirRoom(_ store: TestedStore) async throws {
    try await PendingRoomContract.floodStaysInItsRoom(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_100_newAuthorizationsGetIn(_ store: TestedStore) async throws {
    try await PendingRoomContract.newcomersGetIn(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_100_authorizationsWithALoginAreBounded(_ store: TestedStore) async throws {
    try await PendingRoomContract.loginsAreBounded(makeStore: store.maker)
  }
  @Test(arguments: stores) func onlyExpiredAuthorizationsGo(_ store: TestedStore) async throws {
    try await AuthorizationStoreContract.onlyExpiredAuthorizationsGo(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_018b_consentIsBound(_ store: TestedStore) async throws {
    try await ConsentContract.consentIsBound(makeStore: store.maker)
  }
  @Test(arguments: stores) func consentGrows(_ store: TestedStore) async throws {
    try await ConsentContract.consentGrows(makeStore: store.maker)
  }
  @Test(arguments: stores) func consentsAreForgotten(_ store: TestedStore) async throws {
    try await ConsentContract.consentsAreForgotten(makeStore: store.maker)
  }
  @Test(arguments: stores) func assertionCountsOnce(_ store: TestedStore) async throws {
    try await ConsentContract.assertionCountsOnce(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func V_055_nothingIsCrossTyped(_ store: TestedStore) async throws {
    try await ArtefactContract.nothingIsCrossTyped(makeStore: store.maker)
  }

  @Test(arguments: stores) func rotationFollowsTheChain(_ store: TestedStore) async throws {
    try await RefreshTokenStoreContract.rotationFollowsTheChain(makeStore: store.maker)
  }
  @Test(arguments: stores) func R_20_V_058_oneSuccessor(_ store: TestedStore) async throws {
    try await RefreshRaceContract.oneSuccessor(makeStores: store.sharedMaker, handles: 1)
  }
  @Test(arguments: stores) func R_20_V_058_oneSuccessorOverTwoHandles(_ store: TestedStore) async throws {
    try await RefreshRaceContract.oneSuccessor(makeStores: store.sharedMaker, handles: 2)
  }
  @Test(arguments: stores) func R_21_lostReplyIsRepeated(_ store: TestedStore) async throws {
    try await RefreshTokenStoreContract.lostReplyIsRepeated(makeStore: store.maker)
  }
  @Test(arguments: stores) func R_22_olderGenerationIsReuse(_ store: TestedStore) async throws {
    try await RefreshTokenStoreContract.olderGenerationIsReuse(makeStore: store.maker)
  }
  @Test(arguments: stores) func R_23_V_072_replayAfterTheWindowIsReuse(_ store: TestedStore) async throws {
    try await RefreshTokenStoreContract.replayAfterTheWindowIsReuse(makeStore: store.maker)
  }
  @Test(arguments: stores) func R_23_anotherClientIsUnknown(_ store: TestedStore) async throws {
    try await RefreshTokenStoreContract.anotherClientIsUnknown(makeStore: store.maker)
  }
  @Test(arguments: stores) func refusingKeepsTheFamily(_ store: TestedStore) async throws {
    try await RefreshTokenStoreContract.refusingKeepsTheFamily(makeStore: store.maker)
  }
  @Test(arguments: stores) func lifetimesEnd(_ store: TestedStore) async throws {
    try await RefreshTokenStoreContract.lifetimesEnd(makeStore: store.maker)
  }
  @Test(arguments: stores) func familiesAreRevokedByTarget(_ store: TestedStore) async throws {
    try await RefreshTokenStoreContract.familiesAreRevokedByTarget(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_053_unredeemedCodesEndWithFamilies(_ store: TestedStore) async throws {
    try await RefreshTokenStoreContract.unredeemedCodesEndWithFamilies(makeStore: store.maker)
  }
  @Test(arguments: stores) func R_25_housekeepingKeepsWhatLives(_ store: TestedStore) async throws {
    try await RefreshRaceContract.housekeepingKeepsWhatLives(makeStore: store.maker)
  }
  @Test(arguments: stores) func revocationsComeInOrder(_ store: TestedStore) async throws {
    try await RevocationStoreContract.rowsComeInOrder(makeStore: store.maker)
  }
  @Test(arguments: stores) func revocationFollowerMissesNothing(_ store: TestedStore) async throws {
    try await RevocationStoreContract.followerMissesNothing(makeStores: store.sharedMaker)
  }

  @Test(arguments: stores) func loginNamesAreUnique(_ store: TestedStore) async throws {
    try await UserStoreContract.loginNamesAreUnique(makeStore: store.maker)
  }
  @Test(arguments: stores) func creatingAtOnceMakesOneUser(_ store: TestedStore) async throws {
    try await UserStoreContract.creatingAtOnceMakesOneUser(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func V_070_issuerAndSubjectAreTheIdentity(_ store: TestedStore) async throws {
    try await UserStoreContract.issuerAndSubjectAreTheIdentity(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_070_upsertingAtOnceMakesOneUser(_ store: TestedStore) async throws {
    try await UserStoreContract.upsertingAtOnceMakesOneUser(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func usersAreChanged(_ store: TestedStore) async throws {
    try await UserStoreContract.usersAreChanged(makeStore: store.maker)
  }
  @Test(arguments: stores) func loginSessionsEnd(_ store: TestedStore) async throws {
    try await LoginSessionStoreContract.sessionsEnd(makeStore: store.maker)
  }
  @Test(arguments: stores) func federatedLoginsAreBounded(_ store: TestedStore) async throws {
    try await LoginSessionStoreContract.federatedLoginsAreBounded(makeStore: store.maker)
  }

  @Test(arguments: stores) func federatedLoginIsTakenOnce(_ store: TestedStore) async throws {
    try await LoginSessionStoreContract.federatedLoginIsTakenOnce(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func signingKeysRotate(_ store: TestedStore) async throws {
    try await SigningKeyStoreContract.keysRotate(makeStore: store.maker)
  }
  @Test(arguments: stores) func R_80_rotatingAtOnceAddsOneKey(_ store: TestedStore) async throws {
    try await SigningKeyStoreContract.rotatingAtOnceAddsOneKey(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func sessionsFollowTheirUpstream(_ store: TestedStore) async throws {
    try await SessionStoreContract.sessionsFollowTheirUpstream(makeStore: store.maker)
  }
  @Test(arguments: stores) func sessionChangesAreFollowed(_ store: TestedStore) async throws {
    try await SessionStoreContract.sessionChangesAreFollowed(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func endsOfManySessionsAreFollowed(_ store: TestedStore) async throws {
    try await SessionStoreContract.endsOfManySessionsAreFollowed(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func documentsAreReplaced(_ store: TestedStore) async throws {
    try await SessionStoreContract.documentsAreReplaced(makeStore: store.maker)
  }
  @Test(arguments: stores) func auditEventsComeBack(_ store: TestedStore) async throws {
    try await AuditStoreContract.eventsComeBack(makeStore: store.maker)
  }
  @Test(arguments: stores) func A_03_trailsAreChains(_ store: TestedStore) async throws {
    try await AuditStoreContract.A_03_trailsAreChains(makeStore: store.maker)
  }
  @Test(arguments: stores) func eventsAreFound(_ store: TestedStore) async throws {
    try await AuditStoreContract.eventsAreFound(makeStore: store.maker)
  }
  @Test(arguments: stores) func A_13_tenantsHaveARetentionOfTheirOwn(_ store: TestedStore) async throws {
    try await AuditStoreContract.A_13_tenantsHaveARetentionOfTheirOwn(makeStore: store.maker)
  }
  @Test(arguments: stores) func flowsAreSummedUp(_ store: TestedStore) async throws {
    try await AuditStoreContract.flowsAreSummedUp(makeStore: store.maker)
  }
  @Test(arguments: stores) func callsAreSummedUp(_ store: TestedStore) async throws {
    try await CallSumStoreContract.callsAreSummedUp(makeStore: store.maker)
  }
  @Test(arguments: stores) func usesAreKnown(_ store: TestedStore) async throws {
    try await CallSumStoreContract.usesAreKnown(makeStore: store.maker)
  }
  @Test(arguments: stores) func A_45_keysOfCallSumsAreBounded(_ store: TestedStore) async throws {
    try await CallSumStoreContract.A_45_keysAreBounded(makeStore: store.maker)
  }
  @Test(arguments: stores) func oneTellsASink(_ store: TestedStore) async throws {
    try await TrailCursorStoreContract.oneTellsASink(makeStore: store.maker)
  }

  @Test(arguments: stores) func connectionsComeBackAsStored(_ store: TestedStore) async throws {
    try await ConnectionStoreContract.connectionsComeBackAsStored(makeStore: store.maker)
  }
  @Test(arguments: stores) func establishingIsByVersion(_ store: TestedStore) async throws {
    try await ConnectionStoreContract.establishingIsByVersion(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func A_31_keysComeBackAsStored(_ store: TestedStore) async throws {
    try await APIKeyStoreContract.keysComeBackAsStored(makeStore: store.maker)
  }
  @Test(arguments: stores) func A_32_R_84_endingsAreFollowed(_ store: TestedStore) async throws {
    try await APIKeyStoreContract.endingsAreFollowed(makeStore: store.maker)
  }
  @Test(arguments: stores) func V_058_oneGetsTheName(_ store: TestedStore) async throws {
    try await APIKeyStoreContract.oneGetsIt(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func adminTokensAndServiceAccounts(_ store: TestedStore) async throws {
    try await APIKeyStoreContract.adminTokensAndServiceAccounts(makeStore: store.maker)
  }
  @Test(arguments: stores) func departuresAreTakenOnce(_ store: TestedStore) async throws {
    try await ConnectingStoreContract.departuresAreTakenOnce(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func ticketsAreSpentOnce(_ store: TestedStore) async throws {
    try await ConnectingStoreContract.ticketsAreSpentOnce(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func departuresAreFew(_ store: TestedStore) async throws {
    try await ConnectingStoreContract.departuresAreFew(makeStore: store.maker)
  }
  @Test(arguments: stores) func registrationsAreKept(_ store: TestedStore) async throws {
    try await ConnectingStoreContract.registrationsAreKept(makeStore: store.maker)
  }
  @Test(arguments: stores) func demandsAreKept(_ store: TestedStore) async throws {
    try await ConnectingStoreContract.demandsAreKept(makeStore: store.maker)
  }
  @Test(arguments: stores) func dueIsWhatIsDue(_ store: TestedStore) async throws {
    try await ConnectionStoreContract.dueIsWhatIsDue(makeStore: store.maker)
  }
  @Test(arguments: stores) func connectionChangesAreFollowed(_ store: TestedStore) async throws {
    try await ConnectionStoreContract.changesAreFollowed(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func A_20_dataKeysAreAddedOnce(_ store: TestedStore) async throws {
    try await ConnectionStoreContract.dataKeysAreAddedOnce(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func R_01_oneClaimAtATime(_ store: TestedStore) async throws {
    try await RefreshLeaseContract.oneClaimAtATime(makeStores: store.sharedMaker, handles: 2)
  }
  @Test(arguments: stores) func R_06_staleHolderIsFenced(_ store: TestedStore) async throws {
    try await RefreshLeaseContract.staleHolderIsFenced(makeStores: store.sharedMaker)
  }
  @Test(arguments: stores) func R_08_R_09_R_10_failuresTakeNothingAway(_ store: TestedStore) async throws {
    try await RefreshLeaseContract.failuresTakeNothingAway(makeStore: store.maker)
  }
  @Test(arguments: stores) func revokingTakesTheCredential(_ store: TestedStore) async throws {
    try await RefreshLeaseContract.revokingTakesTheCredential(makeStore: store.maker)
  }
  @Test(arguments: stores) func storesDecideAsTheLedger(_ store: TestedStore) async throws {
    try await RefreshLeaseContract.storesDecideAsTheLedger(makeStore: store.maker)
  }
}
