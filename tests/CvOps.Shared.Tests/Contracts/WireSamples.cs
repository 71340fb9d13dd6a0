using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CvOps.Contracts;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Identity;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Packages.Chunks;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;

namespace CvOps.Shared.Tests.Contracts;

/// <summary>One record of each kind that crosses a wire or a disk between sides, with every field filled.</summary>
internal static class WireSamples
{
    private static readonly DeviceId Device = new("press-1");
    private static readonly CameraId Camera = new("cam-1");
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, 125, TimeSpan.Zero);
    private static readonly ModelRef Champion = new("steel", "1.2.0", new string('a', 64));
    private static readonly ModelRef Challenger = new("steel", "1.3.0", new string('b', 64));
    private static readonly Origin From = new(Device, 3, 41);

    private static readonly Prediction Scratch = new()
    {
        Class = "scratch", Confidence = 0.875, Margin = 0.75, Entropy = 0.125, Reject = true,
        Detections =
        [
            new Detection("scratch", 0.875, 10.5, 20.25, 30, 40)
            {
                Track = 7, Angle = -0.5, Keypoints = [12.5, 30, 0.75], Polygon = [10.5, 20.25, 40.5, 20.25, 25.5, 60.25], MaskArea = 600,
            },
        ],
        Labels = [new LabelScore("scratch", 0.875)], AnomalyScore = 41.5, Areas = [new ClassArea("scratch", 0.125)],
    };

    /// <summary>Writes a sample, and reads and writes a document of its kind.</summary>
    public sealed record Kind(Func<byte[]> Write, Func<byte[], byte[]> Rewrite);

    public static IReadOnlyDictionary<string, Kind> All { get; } = new Dictionary<string, Kind>
    {
        [nameof(InspectionReport)] = Of(ContractsJson.Default.InspectionReport, new InspectionReport
        {
            Origin = From, Camera = Camera, Frame = 1234, Connection = 2, Part = "4711", CapturedAt = Noon, TimeSource = TimeSource.Rtcp, TimeUncertaintyMs = 12.5,
            Model = Champion, Prediction = Scratch, Shadow = new ShadowPrediction(Challenger, new Prediction { Class = "good", Confidence = 0.5 }),
            Timings = new FrameTimings(0.5, 1.25, 8.75, 0.125), Error = "Output 'logits' is NaN.",
        }),
        ["InspectionReportOfAStream"] = Of(ContractsJson.Default.InspectionReport, new InspectionReport
        {
            Origin = From with { Stream = 2 }, Camera = Camera, Frame = 1234, Connection = 2, CapturedAt = Noon, TimeSource = TimeSource.Host, TimeUncertaintyMs = 1,
            Model = Champion, Prediction = Scratch, Timings = new FrameTimings(0.5, 1.25, 8.75, 0.125),
        }),
        ["InspectionReportOfATrace"] = Of(ContractsJson.Default.InspectionReport, new InspectionReport
        {
            Origin = From with { Stream = 2 }, Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Camera = Camera, Frame = 1234, Connection = 2, CapturedAt = Noon, TimeSource = TimeSource.Host, TimeUncertaintyMs = 1,
            Model = Champion, Prediction = Scratch, Timings = new FrameTimings(0.5, 1.25, 8.75, 0.125),
        }),
        ["DriftWindowOfATrace"] = Of(ContractsJson.Default.DriftWindow, new DriftWindow
        {
            Origin = From, Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Camera = Camera, Model = Champion, From = Noon, To = Noon.AddSeconds(10), Frames = 50,
            Histograms = new Dictionary<string, HistogramCounts> { [Covariates.Brightness] = new("0123456789abcdef", [1, 48, 1], 6000.5) },
            Classes = new Dictionary<string, long> { ["scratch"] = 3, [""] = 47 },
        }),
        [nameof(DriftWindow)] = Of(ContractsJson.Default.DriftWindow, new DriftWindow
        {
            Origin = From, Camera = Camera, Model = Champion, From = Noon, To = Noon.AddSeconds(10), Frames = 50,
            Histograms = new Dictionary<string, HistogramCounts> { [Covariates.Brightness] = new("0123456789abcdef", [1, 48, 1], 6000.5) },
            Classes = new Dictionary<string, long> { ["scratch"] = 3, [""] = 47 },
        }),
        ["DriftWindowWithSketches"] = Of(ContractsJson.Default.DriftWindow, new DriftWindow
        {
            Origin = From, Camera = Camera, Model = Champion, From = Noon, To = Noon.AddSeconds(10), Frames = 50, Histograms = new Dictionary<string, HistogramCounts>(),
            Sketches = new Dictionary<string, IReadOnlyList<long>> { [Covariates.Brightness] = [6_144_512, 1, 48, 1] }, Classes = new Dictionary<string, long> { ["scratch"] = 50 },
            Stream = new StreamCounts { Unusable = 1, Failed = 2, Damaged = 3, Repeated = 4, Ages = [40, 10] },
        }),
        [nameof(ZoneReport)] = Of(ContractsJson.Default.ZoneReport, new ZoneReport
        {
            Origin = From, Camera = Camera, From = Noon, To = Noon.AddSeconds(10), Frames = 250,
            Zones = [new ZoneCount("press-mouth", "person", 1, 3, 2, 14.5, 9.25, 1)], Lines = [new LineCount("gate", "bottle", 12, 1)],
        }),
        [nameof(SampledFrame)] = Of(ContractsJson.Default.SampledFrame, new SampledFrame
        {
            Origin = From, FrameId = "press-1-3-cam-1-2-1234", Camera = Camera, Part = "4711", Frame = 1234, Connection = 2, CapturedAt = Noon, Model = Champion,
            Prediction = Scratch, Shadow = new ShadowPrediction(Challenger, new Prediction()), Reasons = [new SamplingReason("least-confidence", 0.875)],
            InclusionProbability = 0.25, Width = 160, Height = 90, Crop = new FrameCrop(10, 20, 64, 48), Jpeg = [0xFF, 0xD8, 0xFF, 0xD9],
        }),
        [nameof(DeviceHealth)] = Of(ContractsJson.Default.DeviceHealth, new DeviceHealth
        {
            Origin = From, At = Noon, UptimeSeconds = 3600.5, ResidentBytes = 250_000_000, Provider = "CUDA",
            Cameras = [new CameraHealth(Camera, CameraState.Stale, 24.5, 18.75, 90_000, 12, 1, 2, "The camera has sent no frame for 3 s.", 5, 1, 9)],
            Spool = new SpoolHealth(7, 3500, 1 << 30, 1, 2), Actuation = [new ActuationHealth(Camera, true, 100, 98, 1, 1, 12, 0.25)], ShadowFramesShed = 17,
        }),
        ["DeviceHealthWithClasses"] = Of(ContractsJson.Default.DeviceHealth, new DeviceHealth
        {
            Origin = From with { Stream = 1 }, At = Noon, UptimeSeconds = 3600.5, ResidentBytes = 250_000_000, Provider = "CUDA", Cameras = [],
            Spool = new SpoolHealth(7, 3500, 1 << 30, 3, 2)
            {
                Classes = [new SpoolClassHealth("results", 5, 2500, 1 << 30), new SpoolClassHealth("frames", 2, 1000, 1 << 29)],
                Losses = [new SpoolLoss(TopicKind.Frame, SpoolLossReason.Budget, 3), new SpoolLoss(TopicKind.Health, SpoolLossReason.Expired, 9), new SpoolLoss(null, SpoolLossReason.Disk, 1)],
            },
        }),
        ["DeviceHealthWithTimesOfLosses"] = Of(ContractsJson.Default.DeviceHealth, new DeviceHealth
        {
            Origin = From, At = Noon, UptimeSeconds = 3600.5, ResidentBytes = 250_000_000, Provider = "CPU", Cameras = [],
            Spool = new SpoolHealth(7, 3500, 1 << 30, 1, 0) { Losses = [new SpoolLoss(TopicKind.Frame, SpoolLossReason.Disk, 1) { At = Noon.AddSeconds(-30) }] },
        }),
        ["DeviceHealthWithDecisions"] = Of(ContractsJson.Default.DeviceHealth, new DeviceHealth
        {
            Origin = From, At = Noon, UptimeSeconds = 3600.5, ResidentBytes = 250_000_000, Provider = "CPU", Spool = new SpoolHealth(0, 0, 1 << 30, 0, 0),
            Cameras = [new CameraHealth(Camera, CameraState.Live, 24.5, 18.75, 90_000, 12, 1, 2, null) { Rejects = 41, Last = new LastDecision("scratch", true) }],
        }),
        [nameof(DeviceBirth)] = Of(ContractsJson.Default.DeviceBirth, new DeviceBirth
        {
            Site = new SiteId("plant-a"), Device = Device, Boot = 3, At = Noon, AgentVersion = "0.1.0", HealthSeconds = 10,
            Cameras = [new BirthCamera(Camera, "rtsp://10.0.0.5/stream", 1920, 1080, ["press-mouth"], ["gate"], true)],
            Model = new BirthModel(Champion, ModelTask.Detection, ["scratch", "dent"], ["dent"]),
            Topics = [new BirthTopic("cvops/v1/plant-a/press-1/inspection/cam-1", "urn:cvops:v1:InspectionReport", false, true)],
        }),
        [nameof(DeviceStatus)] = Of(ContractsJson.Default.DeviceStatus, new DeviceStatus(Device, Connectivity.Online, 3, "0.1.0")),
        [nameof(TwinDesired)] = Of(ContractsJson.Default.TwinDesired, new TwinDesired
        {
            Version = 9, Model = new DesiredModel(Challenger, "rollout-1", new Uri("https://fleet.example/packages/b?token=t"), 1_234_567, true),
        }),
        ["TwinDesiredWithChunks"] = Of(ContractsJson.Default.TwinDesired, new TwinDesired
        {
            Version = 10, Model = new DesiredModel(Challenger, null, new Uri("https://fleet.example/packages/b?token=t"), 1_234_567, false) { Chunks = new Uri("https://fleet.example/chunks/b?token=t") },
        }),
        ["TwinDesiredWithShadow"] = Of(ContractsJson.Default.TwinDesired, new TwinDesired
        {
            Version = 11, Model = new DesiredModel(Challenger, "rollout-1", new Uri("https://fleet.example/packages/b?token=t"), 1_234_567, false) { Stage = ModelStage.Shadow },
            Configuration = DesiredConfiguration.Of("sampling:\n  frames-per-hour: 60\n", "rollout-2"),
        }),
        ["TwinDesiredWithProgram"] = Of(ContractsJson.Default.TwinDesired, new TwinDesired
        {
            Version = 12, Program = new DesiredProgram("1.3.0", new string('b', 64), new Uri("https://fleet.example/programs/b?token=t"), 61_234_567) { Attempt = 2 },
        }),
        [nameof(ChunkList)] = Of(ContractsJson.Default.ChunkList, new ChunkList { Package = new string('b', 64), Average = 2048, Lengths = [3000, 17], Digests = [.. Enumerable.Range(0, 64).Select(i => (byte)i)] }),
        [nameof(ChunkHolding)] = Of(ContractsJson.Default.ChunkHolding, new ChunkHolding { Device = Device, Fetching = true, List = new string('d', 64), Chunks = [0b101, 1] }),
        [nameof(TwinReported)] = Of(ContractsJson.Default.TwinReported, new TwinReported
        {
            DesiredVersion = 9, Boot = 3, At = Noon, AgentVersion = "0.1.0", Provider = "CPU", Cameras = [new ReportedCamera(Camera, "rtsp://10.0.0.5/stream", 1920, 1080)],
            Model = new ReportedModel { State = UpdateState.RolledBack, Active = Champion, Previous = Challenger, Target = Challenger.Digest, Reason = "2 of 50 frames had no prediction." },
        }),
        ["TwinReportedWithProgram"] = Of(ContractsJson.Default.TwinReported, new TwinReported
        {
            DesiredVersion = 12, Boot = 3, At = Noon, AgentVersion = "1.2.0", Provider = "CPU", Cameras = [], Model = new ReportedModel { State = UpdateState.Idle },
            Program = new ReportedProgram
            {
                State = ProgramState.RolledBack, Version = "1.2.0", Slot = "a", Installed = "1.1.0", Runtime = "linux-x64", Target = new string('b', 64), TargetVersion = "1.3.0", Attempt = 2, Since = Noon,
                Reason = "1.3.0 never became ready, in 2 starts.", Progress = new ReportedProgress(0.25, 1000, 4000), Wait = new ReportedWait("the maintenance window", Noon, Noon.AddHours(10)),
            },
        }),
        ["TwinReportedWithWait"] = Of(ContractsJson.Default.TwinReported, new TwinReported
        {
            DesiredVersion = 9, Boot = 3, At = Noon, AgentVersion = "0.1.0", Provider = "CPU", Cameras = [],
            Model = new ReportedModel
            {
                State = UpdateState.Downloading, Active = Champion, Target = Challenger.Digest, Since = Noon, Progress = new ReportedProgress(0.25, 1000, 4000),
                Wait = new ReportedWait("the maintenance window", Noon, Noon.AddHours(10)),
            },
        }),
        ["TwinReportedWithShadow"] = Of(ContractsJson.Default.TwinReported, new TwinReported
        {
            DesiredVersion = 11, Boot = 3, At = Noon, AgentVersion = "0.1.0", Provider = "CPU", Cameras = [],
            Model = new ReportedModel
            {
                State = UpdateState.Shadowing, Active = Champion, Target = Challenger.Digest, Since = Noon, Stage = ModelStage.Shadow,
                Shadow = new ReportedShadow(Challenger, "rollout-1", Noon, 128, 5, 1, 17),
            },
            Configuration = new ReportedConfiguration
            {
                State = ConfigurationState.Refused, Active = new string('c', 64), Previous = new string('d', 64), Target = new string('e', 64), Since = Noon,
                Reason = "line 2, sampling.frames-per-hour: 'many' is not a whole number",
            },
        }),
        [nameof(Command)] = Of(ContractsJson.Default.Command,
            new Command("c-1", "restart-camera", Noon, Noon.AddMinutes(1), "operator", new Dictionary<string, string> { ["camera"] = "cam-1" })),
        ["CommandWithSignature"] = Of(ContractsJson.Default.Command,
            new Command("c-1", "ping", Noon, Noon.AddMinutes(1), "operator", null) { Signature = new CommandSignature([48, 130, 1], [48, 69, 2]) }),
        [nameof(CertificateRenewal)] = Of(ContractsJson.Default.CertificateRenewal,
            new CertificateRenewal("-----BEGIN CERTIFICATE REQUEST-----\nMIHq\n-----END CERTIFICATE REQUEST-----", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", [1, 2, 3])),
        [nameof(CertificateAnswer)] = Of(ContractsJson.Default.CertificateAnswer, new CertificateAnswer("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "It was revoked.")),
        [nameof(AlertMessage)] = Of(ContractsJson.Default.AlertMessage, new AlertMessage
        {
            Id = "a-0123456789ab", Notice = AlertNotice.Escalated, Rule = "camera-outage", Subject = "press-1/cam-1", Severity = AlertSeverity.Critical, State = AlertState.Firing,
            Summary = "press-1/cam-1 gives no picture: the cable is out.", Since = Noon, At = Noon.AddMinutes(15), Link = "https://fleet.example/devices/press-1",
            Labels = new Dictionary<string, string> { ["device"] = "press-1", ["site"] = "plant-a", ["camera"] = "cam-1" },
        }),
        [nameof(CommandResponse)] = Of(ContractsJson.Default.CommandResponse, new CommandResponse("c-1", Device, true, "The connection of camera 'cam-1' was dropped.") { Log = [new LogLine(Noon, LogSeverity.Warning, "CameraLoop", "Camera 'cam-1' is lost.")] }),
        [nameof(ModelManifest)] = Of(ContractsJson.Default.ModelManifest, new ModelManifest
        {
            Name = "steel", Version = "1.2.0", Task = ModelTask.Detection, Classes = ["scratch", "dent"], RejectClasses = ["dent"], LatencyLimitMs = 40,
            Input = new InputSpec
            {
                Name = "images", Width = 320, Height = 256, Layout = TensorLayout.Nhwc, Channels = ChannelOrder.Bgr, Resize = ResizeMode.CentreCrop, ShortSide = 352, Pad = 0,
                Mean = [103.53, 116.28, 123.675], Std = [57.375, 57.12, 58.395],
                ElementType = ElementType.Float16, Crop = new PictureRectangle(0.125, 0.25, 0.75, 0.5), Roi = [new PicturePoint(0.25, 0.25), new PicturePoint(0.75, 0.25), new PicturePoint(0.5, 0.75)],
                Tiles = new TileGrid(2, 1, 0.25),
            },
            Decoder = new DecoderSpec
            {
                Kind = DecoderKind.NanoDet, Outputs = ["scores_8", "boxes_8"], Embedding = "embedding", Strides = [8], ScoreThreshold = 0.35, IouThreshold = 0.6,
                Nms = NmsMode.Agnostic, TopK = 1000, MaxDetections = 100, Units = BoxUnits.Normalised, FirstClassId = 1, Keypoints = ["nose", "tail"], MaskThreshold = 0.25,
                RejectArea = 0.125, Anomaly = new AnomalySpec(40, 20, 80, 45),
            },
        }),
        [nameof(ReferenceProfile)] = Of(ContractsJson.Default.ReferenceProfile, new ReferenceProfile
        {
            Frames = 100, Histograms = new Dictionary<string, ReferenceHistogram> { [Covariates.Confidence] = new([0.25, 0.5], [10, 20, 70], 0.625) },
            Classes = new Dictionary<string, long> { ["scratch"] = 60, ["dent"] = 40 },
        }),
        [nameof(Lineage)] = Of(ContractsJson.Default.Lineage, new Lineage(new string('c', 64), "run-7", Champion.Digest, "ridge-head 1")),
        [nameof(GoldenVectors)] = Of(ContractsJson.Default.GoldenVectors,
            new GoldenVectors(0.001, [new GoldenVector("golden/0.input.f32", [new GoldenOutput("logits", [1, 2], "golden/0.logits.f32")], Scratch)])),
    };

    private static Kind Of<T>(JsonTypeInfo<T> type, T sample) => new(
        () => JsonSerializer.SerializeToUtf8Bytes(sample, type),
        document => JsonSerializer.SerializeToUtf8Bytes(JsonSerializer.Deserialize(document, type) ?? throw new InvalidDataException("null"), type));
}
