using System.Text.Json.Serialization;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Packages.Chunks;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Contracts;

/// <summary>The one JSON of CvOps: camelCase, enums by name, null left out, source-generated.</summary>
/// <remarks>
/// Properties with a default have a setter: the generated reader gives init-only ones that the document leaves out their type's default, not ours.
/// </remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    AllowDuplicateProperties = false, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(InspectionReport))]
[JsonSerializable(typeof(IReadOnlyList<Detection>))]
[JsonSerializable(typeof(DriftWindow))]
[JsonSerializable(typeof(ZoneReport))]
[JsonSerializable(typeof(SampledFrame))]
[JsonSerializable(typeof(DeviceHealth))]
[JsonSerializable(typeof(DeviceStatus))]
[JsonSerializable(typeof(DeviceBirth))]
[JsonSerializable(typeof(TwinDesired))]
[JsonSerializable(typeof(TwinReported))]
[JsonSerializable(typeof(Command))]
[JsonSerializable(typeof(CommandResponse))]
[JsonSerializable(typeof(CertificateRenewal))]
[JsonSerializable(typeof(CertificateAnswer))]
[JsonSerializable(typeof(ModelManifest))]
[JsonSerializable(typeof(ReferenceProfile))]
[JsonSerializable(typeof(GoldenVectors))]
[JsonSerializable(typeof(Lineage))]
[JsonSerializable(typeof(ChunkList))]
[JsonSerializable(typeof(TrustDocument))]
[JsonSerializable(typeof(ChunkHolding))]
[JsonSerializable(typeof(FleetOverview))]
[JsonSerializable(typeof(DeviceView))]
[JsonSerializable(typeof(DeviceView[]))]
[JsonSerializable(typeof(LabelsChange))]
[JsonSerializable(typeof(CommandRequest))]
[JsonSerializable(typeof(InspectionPage))]
[JsonSerializable(typeof(ModelView))]
[JsonSerializable(typeof(ModelView[]))]
[JsonSerializable(typeof(ModelAccuracy))]
[JsonSerializable(typeof(AccuracyEstimate[]))]
[JsonSerializable(typeof(GateRequest))]
[JsonSerializable(typeof(GateResult))]
[JsonSerializable(typeof(RolloutPlan))]
[JsonSerializable(typeof(RolloutView))]
[JsonSerializable(typeof(RolloutView[]))]
[JsonSerializable(typeof(RolloutAction))]
[JsonSerializable(typeof(DriftView[]))]
[JsonSerializable(typeof(DriftDetail))]
[JsonSerializable(typeof(DriftAcceptance))]
[JsonSerializable(typeof(FrameView))]
[JsonSerializable(typeof(FramePage))]
[JsonSerializable(typeof(LabelRequest))]
[JsonSerializable(typeof(FrameImport))]
[JsonSerializable(typeof(SnapshotRequest))]
[JsonSerializable(typeof(DatasetView))]
[JsonSerializable(typeof(DatasetView[]))]
[JsonSerializable(typeof(DatasetDetail))]
[JsonSerializable(typeof(TrainingRequest))]
[JsonSerializable(typeof(TrainingRunView))]
[JsonSerializable(typeof(TrainingRunView[]))]
[JsonSerializable(typeof(TrainerLine))]
[JsonSerializable(typeof(EnrolmentRequest))]
[JsonSerializable(typeof(EnrolmentAnswer))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenCreated))]
[JsonSerializable(typeof(TokenView))]
[JsonSerializable(typeof(TokenView[]))]
[JsonSerializable(typeof(CertificateView[]))]
[JsonSerializable(typeof(RevocationRequest))]
[JsonSerializable(typeof(ReleaseRequest))]
[JsonSerializable(typeof(DeviceNotice))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(DeadLetterPage))]
[JsonSerializable(typeof(DeadLetterAction))]
[JsonSerializable(typeof(DeadLetterOutcome))]
[JsonSerializable(typeof(FleetEvent))]
[JsonSerializable(typeof(PartTruth))]
[JsonSerializable(typeof(PartTruthPage))]
[JsonSerializable(typeof(LineView))]
[JsonSerializable(typeof(LineView[]))]
[JsonSerializable(typeof(LineDriftRequest))]
[JsonSerializable(typeof(LineError))]
[JsonSerializable(typeof(DatasetEntry))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
public sealed partial class ContractsJson : JsonSerializerContext;
