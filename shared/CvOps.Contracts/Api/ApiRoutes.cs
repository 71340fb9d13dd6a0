namespace CvOps.Contracts.Api;

/// <summary>
/// The fleet's HTTP API, as the CLI, the dashboard and the demo use it. JSON by <see cref="ContractsJson"/>; errors are problem details
/// (RFC 9457) whose <c>detail</c> says what to do.
/// </summary>
/// <remarks>
/// <code>
/// GET  fleet                              FleetOverview
/// GET  devices?select=&amp;after=&amp;limit=        DeviceView[] (select: a label selector; all without a limit; after: the id that the page begins after)
/// GET  devices/{id}                       DeviceView
/// PUT  devices/{id}/labels                LabelsChange -> DeviceView
/// POST devices/{id}/commands              CommandRequest -> CommandResponse (waits for the device, 504 when it does not answer)
/// GET  devices/{id}/cameras/{camera}/live    server-sent events: frame = SampledFrame with a small picture, twice a second at most; problem = a sentence
/// GET  devices/{id}/commands              CommandView[] (newest first: sent, pending, answered or expired)
/// POST enrolment                          EnrolmentRequest -> EnrolmentAnswer (asked by devices; 403 without a token's proof, 429 after too many)
/// GET  enrolment/tokens                   TokenView[]           POST enrolment/tokens               TokenRequest -> TokenCreated
/// POST enrolment/tokens/{id}/revoke       RevocationRequest -> TokenView
/// GET  certificates?device=               CertificateView[]     GET certificates/revoked.pem        the revocation list, for brokers
/// POST devices/{id}/revoke                RevocationRequest -> CertificateView[]
/// POST devices/{id}/release               ReleaseRequest -> DeviceNotice
/// GET  inspections?device=&amp;after=&amp;limit=  InspectionPage (after: cursor, -1 for from now on; rising order)
/// GET  models                             ModelView[]           POST models          (body: .cvmodel) -> ModelView
/// GET  models/{digest}                    ModelView             GET models/{digest}/package?token=   the file, with range requests
/// GET  models/{digest}/chunks?token=       ChunkList: where the package is cut and the digest of each piece; the package's own token opens it
/// POST models/{digest}/gate               GateRequest -> GateResult
/// GET  models/{digest}/accuracy?since=     ModelAccuracy: how right it is in production, by labelled sampled frames, with an interval
/// POST models/{digest}/revoke             RevokeModelRequest -> ModelView (no rollout brings it any more; one that runs is stopped)
/// GET  aliases?name=                      AliasView[]           GET models/history?name=     ModelEvent[] (newest first)
/// PUT  aliases/{name}/{alias}             AliasRequest -> AliasView, or 204 where it is taken away
/// GET  programs                           ProgramView[]         POST programs        (body: .cvagent) -> ProgramView
/// GET  programs/{digest}/package?token=   the file, with range requests
/// POST devices/{id}/program               ProgramOrder -> DeviceView (without a version: none is wanted any more)
/// GET  configurations                     ConfigurationView[]   POST configurations?name=    (body: YAML) -> ConfigurationView
/// GET  configurations/{digest}            ConfigurationView
/// GET  groups                             GroupView[]           GET groups/{name}    GroupView
/// PUT  groups/{name}                      GroupRequest -> GroupView                  DELETE groups/{name}
/// GET  sites/shifts                       SiteShifts[]          PUT sites/{site}/shifts   SiteShifts -> SiteShifts (without shifts: none any more)
/// POST rollouts/simulate?days=&amp;badRate=&amp;runs=&amp;seed=   as POST rollouts -> lines of FlightLine, the last with the FlightReport: the plan over recorded telemetry
/// POST rollouts/check                     as POST rollouts -> PlanCheck: what the plan would do now; also when it has mistakes
/// GET  rollouts                           RolloutView[], without devices    POST rollouts?draft=&amp;by=   RolloutPlan as JSON, or as YAML with application/yaml -> RolloutView
/// GET  rollouts/{id}                      RolloutView           PUT rollouts/{id}?by=   RolloutPlan -> RolloutView   (a draft only)
/// GET  rollouts/{id}/devices?ring=&amp;state=&amp;after=&amp;limit=         RolloutDevicePage
/// POST rollouts/{id}/start|pause|resume|approve|retry|abort|rollback                RolloutAction -> RolloutView
/// GET  rollouts/{id}/discordant?limit=      DiscordantPage: frames to judge, in the order to judge them
/// POST rollouts/{id}/discordant/{frame}     Judgement -> FrameView (labels it by who was right)
/// GET  rollouts/stop-all                  EmergencyStop         POST rollouts/stop-all|lift-stop   RolloutAction -> EmergencyStop
/// GET  drift                              DriftView[]           GET drift/{device}/{camera}   DriftDetail
/// POST drift/{device}/{camera}/accept     DriftAcceptance -> DriftDetail (what it shows now becomes its baseline)
/// GET  drift/slice?select=&amp;against=&amp;hours=     DriftSlice: PSI, JS, KS, W1 of any slice of the fleet; against: reference or a selector; hours: how old the newest frame may be
/// GET  frames?state=&amp;use=&amp;device=&amp;camera=&amp;part=&amp;model=&amp;prediction=&amp;confidence=0.4..0.6&amp;rule=&amp;inclusion=&amp;since=&amp;until=&amp;label=&amp;verdict=&amp;by=&amp;text=&amp;order=&amp;for=&amp;after=&amp;limit=   FramePage (those that wait by value, else newest first; for: an annotator, without the frames this person judged)
/// GET  frames/{id}                        FrameView             GET frames/{id}/image         image/jpeg
/// PUT  frames/{id}/label                  LabelRequest -> FrameView
/// POST frames                             FrameImport -> FrameView
/// POST frames/video?name=&amp;every=1s&amp;change=&amp;device=&amp;camera=&amp;part=&amp;startsAt=&amp;takeDamaged=&amp;by=   a video -> lines of VideoLine, the last with the VideoReport; all of it or nothing
/// GET  frames/{id}/labels                 FrameLabels: what each annotator says, and every label that was ever given
/// GET  labels/disputes?after=&amp;limit=      LabelDisputePage: frames on which annotators disagree; PUT frames/{id}/label with review: true decides
/// GET  labels/agreement?since=            LabelAgreement        GET labels/policy    LabelPolicy
/// PUT  labels/policy                      LabelPolicyRequest -> LabelPolicy (how many annotators a frame needs)
/// GET  retention                          RetentionView         PUT retention         RetentionRequest -> RetentionView (how long the fleet keeps what)
/// POST retention/run                      RetentionRunRequest -> RetentionRun (look: only what would go)
/// GET  erasures                           ErasureView[] (newest first)   POST erasures   ErasureRequest -> ErasureView (a frame, a picture or a part's frames, everywhere)
/// GET  datasets                           DatasetView[]         POST datasets        SnapshotRequest -> DatasetView
/// GET  datasets/{digest}?split=&amp;class=&amp;slice=&amp;synthetic=&amp;after=&amp;limit=   DatasetDetail: a page of entries
/// GET  datasets/{from}/diff/{to}?kind=&amp;after=&amp;limit=   DatasetDiff
/// GET  lineage?frame=|picture=|part=      FrameLineage          GET models/{digest}/lineage   ModelLineage   GET models/{digest}/frames?after=&amp;limit=   ModelFramePage
/// POST frames/synthesize                  SynthesisRequest -> lines of DatasetLine, the last with the SynthesisResult; POST datasets?stream=true answers so, too
/// GET  datasets/{digest}/export?format=&amp;use=&amp;images=     the snapshot in that format: a zip, or its one file without images; use: training (the default), golden or all
/// GET  datasets/{digest}/export/check?format=&amp;use=   ExportCheck: how much that is and what the format has no room for
/// POST frames/import?format=&amp;use=&amp;relabel=&amp;dryRun=&amp;by=   a zip, or the one file of a format -> lines of ImportLine, the last with the ImportReport; all of it or nothing
/// GET  training?search=&amp;after=&amp;limit=     TrainingRunView[] (newest first; search: the runs of one search; after: the id that the page begins after)
/// POST training                           TrainingRequest -> TrainingRunView
/// GET  training/{id}                      TrainingRunView       POST training/{id}/cancel    TrainingCancellation -> TrainingRunView
/// GET  training/{id}/log                  text/plain            GET training/{id}/metrics?name=&amp;after=&amp;limit=   TrainingMetricPage (by name, then step)
/// GET  training/trainers                  the names of the trainers there are
/// GET  retraining                         RetrainingEntry[]: the ledger, newest first
/// GET  retraining/policies                RetrainingView[]
/// PUT  retraining/policies/{model}        RetrainingPolicy -> RetrainingView         DELETE retraining/policies/{model}
/// POST retraining/policies/{model}/start  RetrainingRequest -> RetrainingView (a person's trigger: no cool-down, but it needs a new label)
/// GET  runs?experiment=&amp;filter=&amp;order=&amp;after=&amp;limit=   TrackedRunPage (newest first; filter and order as MLflow's searches have them)
/// GET  runs/{id}                          TrackedRunDetail      GET runs/compare?run=&amp;run=   RunComparison (1 to 8 runs side by side)
/// GET  doctor                             DoctorReport: broker, certificates, clock, disk, database, models, and how to mend each
/// GET  audit?after=&amp;limit=                AuditPage
/// GET  deadletters?device=&amp;reason=&amp;before=&amp;limit=   DeadLetterPage (newest first; reason: a part of it)
/// POST deadletters/{row}/retry|discard    DeadLetterAction -> DeadLetterOutcome (retry applies it, once, if it can be read by now)
/// GET  alerts?state=&amp;rule=&amp;subject=&amp;after=&amp;limit=   AlertPage (newest first; without a state those that are open)
/// GET  alerts/{id}                        AlertDetail           POST alerts/{id}/acknowledge   AlertAction -> AlertView
/// GET  alerts/rules                       AlertRuleView[]       GET alerts/rules/{name}        AlertRuleView
/// PUT  alerts/rules/{name}                AlertRuleSettings -> AlertRuleView           DELETE alerts/rules/{name}   (a built-in one is as it came again)
/// GET  alerts/silences                    SilenceView[]         POST alerts/silences           SilenceRequest -> SilenceView         DELETE alerts/silences/{id}   (ends it)
/// GET  alerts/channels                    AlertChannelView[]    GET alerts/channels/{name}     AlertChannelView
/// PUT  alerts/channels/{name}             AlertChannelSettings -> AlertChannelSaved (a new secret is told this once)             DELETE alerts/channels/{name}
/// POST alerts/channels/{name}/test        AlertTestResult
/// GET  events                             server-sent events: event = device|rollout|drift|frame|training|run|model|deadletter, data = {"id": "..."}
/// GET  events/pages                       server-sent events for pages: changed = {"kinds": [...], "pace": milliseconds to wait between two looks}
/// </code>
/// </remarks>
public static class ApiRoutes
{
    public const string Root = "/api/v1";

    /// <summary>Header of a request: who asks, for the audit log.</summary>
    public const string ByHeader = "X-CvOps-By";
}
