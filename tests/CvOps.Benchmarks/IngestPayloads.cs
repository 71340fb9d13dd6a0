using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Statistics;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>
/// What a few devices say, as lines of files for mosquitto_pub: inspections with two boxes, and every so often a drift window and a health report,
/// each with the origin it has on the wire, over two boots. No origin comes twice in a run.
/// </summary>
internal sealed class IngestPayloads : IDisposable
{
    public const int Devices = 4;
    public const int InspectionsPerDevice = 25_000;

    /// <summary>A camera of 30 frames a second that looks as before sends a window after 54 000.</summary>
    private const int InspectionsPerWindow = 2_500;

    private const int InspectionsPerHealth = 250;

    public const int WindowsPerDevice = InspectionsPerDevice / InspectionsPerWindow;
    public const int HealthPerDevice = InspectionsPerDevice / InspectionsPerHealth;
    public const int Messages = Devices * (InspectionsPerDevice + WindowsPerDevice + HealthPerDevice);

    private static readonly CameraId Camera = new("cam-1");
    private static readonly DateTimeOffset Start = new(2026, 11, 20, 6, 0, 0, TimeSpan.Zero);

    private readonly TestFolder _folder = new();
    private readonly ReferenceProfile _profile;
    private readonly ArrayBufferWriter<byte> _text = new();
    private readonly Utf8JsonWriter _json;
    private readonly Random _chance = new(5);
    private ModelRef _model;
    private long _frame;

    public IngestPayloads()
    {
        _json = new Utf8JsonWriter(_text);
        string[] covariates = [Covariates.Brightness, Covariates.Contrast, Covariates.Sharpness, Covariates.Confidence];
        _profile = new ReferenceProfile
        {
            Frames = 5_000, Classes = new Dictionary<string, long> { ["dent"] = 900, ["scratch"] = 4_100 },
            Histograms = covariates.ToDictionary(name => name, _ => Draw(5_000).ToReference()),
        };
        _model = new ModelRef("line", "1.4.2", "");
    }

    public sealed record Publisher(string Topic, string File);

    /// <summary>A package with the reference profile that the windows are counted over; from here on it is the model of every message.</summary>
    public string Package(ECDsa key)
    {
        var path = _folder["line.cvmodel"];
        var digest = PackageWriter.Write(path, new ModelPackageParts
        {
            Manifest = new ModelManifest
            {
                Name = _model.Name, Version = _model.Version, Task = ModelTask.Classification, Input = new InputSpec { Name = "input", Width = 2, Height = 2 },
                Decoder = new DecoderSpec { Kind = DecoderKind.Logits, Outputs = ["logits"] }, Classes = ["dent", "scratch"], RejectClasses = ["scratch"],
            },
            Onnx = new byte[] { 8, 7, 18, 0 }, Profile = _profile,
            Golden = new GoldenVectors(1e-3, [new GoldenVector("golden/0.input.f32", [new GoldenOutput("logits", [1, 2], "golden/0.logits.f32")], new Prediction { Class = "dent", Confidence = 0.7 })]),
            Tensors = new Dictionary<string, ReadOnlyMemory<byte>> { ["golden/0.input.f32"] = new byte[48], ["golden/0.logits.f32"] = new byte[8] },
        }, key);
        _model = _model with { Digest = digest };
        return path;
    }

    /// <summary>Files of one round; each round is two further boots of every device.</summary>
    public IReadOnlyList<Publisher> Write(int round)
    {
        var publishers = new List<Publisher>();
        for (var number = 1; number <= Devices; number++)
        {
            var device = new DeviceId(string.Create(CultureInfo.InvariantCulture, $"line-{number}"));
            var topics = new Topics(new SiteId("plant"), device);
            Origin Of(int index, int count, int stream) => new(device, 2 * round + (index < count / 2 ? 1 : 2), index % (count / 2) + 1, stream);
            Add(topics.Drift(Camera), WindowsPerDevice, index => JsonSerializer.Serialize(_json, Window(Of(index, WindowsPerDevice, 3)), ContractsJson.Default.DriftWindow));
            Add(topics.Health, HealthPerDevice, index => JsonSerializer.Serialize(_json, Health(Of(index, HealthPerDevice, 1)), ContractsJson.Default.DeviceHealth));
            Add(topics.Inspection(Camera), InspectionsPerDevice, index => InspectionWriter.Write(_json, Inspection(Of(index, InspectionsPerDevice, 2))));
        }
        return publishers;

        void Add(string topic, int count, Action<int> write)
        {
            _text.ResetWrittenCount();
            for (var index = 0; index < count; index++)
            {
                write(index);
                _json.Flush();
                _json.Reset();
                _text.Write("\n"u8);
            }
            var file = _folder[string.Create(CultureInfo.InvariantCulture, $"{publishers.Count}.lines")];
            File.WriteAllBytes(file, _text.WrittenSpan);
            publishers.Add(new Publisher(topic, file));
        }
    }

    public void Dispose()
    {
        _json.Dispose();
        _folder.Dispose();
    }

    private InspectionReport Inspection(Origin origin) => new()
    {
        Origin = origin, Camera = Camera, Frame = ++_frame, Connection = 1, Part = string.Create(CultureInfo.InvariantCulture, $"P{_frame:00000000}"), CapturedAt = Start.AddMilliseconds(33.3 * _frame),
        TimeSource = TimeSource.Rtcp, TimeUncertaintyMs = 1.5, Model = _model, Timings = new FrameTimings(Draw(), Draw(), Draw(), Draw()),
        Prediction = new Prediction { Class = "scratch", Confidence = Draw(), Margin = Draw(), Entropy = 0, Reject = true, Detections = [Box("scratch"), Box("dent")] },
    };

    private Detection Box(string name) => new(name, Draw(), 640 * Draw(), 480 * Draw(), 64 * Draw(), 48 * Draw());

    // As a float that became a double: what models give.
    private double Draw() => (float)_chance.NextDouble();

    private Histogram Draw(int frames)
    {
        var histogram = new Histogram([.. Enumerable.Range(1, 20).Select(edge => edge / 21.0)]);
        for (var frame = 0; frame < frames; frame++) histogram.Add(_chance.NextDouble());
        return histogram;
    }

    private DriftWindow Window(Origin origin) => new()
    {
        Origin = origin, Camera = Camera, Model = _model, From = Start.AddMilliseconds(33.3 * _frame), To = Start.AddMilliseconds(33.3 * ++_frame), Frames = 50,
        Histograms = _profile.Histograms.Keys.ToDictionary(name => name, _ => Draw(50).ToCounts()), Classes = new Dictionary<string, long> { ["dent"] = 9, ["scratch"] = 41 },
    };

    private static DeviceHealth Health(Origin origin) => new()
    {
        Origin = origin, At = Start, UptimeSeconds = origin.Sequence, ResidentBytes = 300_000_000, Provider = "CPU", Spool = new SpoolHealth(0, 0, 1L << 30, 0, 0),
        Cameras = [new CameraHealth(Camera, CameraState.Live, 30, 21.5, origin.Sequence, 0, 0, 0, null)],
    };
}
