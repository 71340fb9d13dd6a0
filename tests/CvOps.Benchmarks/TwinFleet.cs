using System.Globalization;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices.Liveness;
using CvOps.Fleet.Devices.Twins;
using CvOps.Fleet.Drift;

namespace CvOps.Benchmarks;

/// <summary>
/// A fleet of many devices as the store gets it: documents in the JSON that agents write, applied as the ingest and the grains apply them. Names, numbers,
/// times and tokens differ from device to device; 200 plants with 20 lines, 40 models, links that a wave of 300 devices shares.
/// </summary>
internal static class TwinFleet
{
    public const int Covariates = 4;
    public const int Bins = DeviceDrift.MostBins;

    private const int Sites = 200;
    private const int Lines = 20;
    private static readonly string[] Names = ["brightness", "confidence", "contrast", "sharpness"];
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 6, 0, 0, TimeSpan.Zero);

    /// <returns>A store with so many devices, each told of twice, so that freed places are in it too.</returns>
    public static TwinStore Fill(int devices)
    {
        var store = new TwinStore(TimeProvider.System, new SilenceRule(TimeSpan.FromSeconds(90), TimeSpan.FromMinutes(10)));
        for (var round = 1; round <= 2; round++)
            Parallel.For(0, Environment.ProcessorCount, worker =>
            {
                for (var device = worker; device < devices; device += Environment.ProcessorCount) Tell(store, device, round);
            });
        store.SetLoaded();
        return store;
    }

    /// <summary>Labels of a device, as JSON; every tenth has the same cohort.</summary>
    public static string Labels(int device) => string.Create(CultureInfo.InvariantCulture, $$"""{"line":"{{device / Sites % Lines}}","cohort":"{{Mixed(device) % 10}}","camera":"{{device % 3}}"}""");

    public static string Site(int device) => string.Create(CultureInfo.InvariantCulture, $"plant-{device % Sites}");

    public static string Id(int device) => string.Create(CultureInfo.InvariantCulture, $"p{device % Sites}-line{device / Sites % Lines}-edge{device:0000000}");

    private static void Tell(TwinStore store, int device, int round)
    {
        store.Apply(Change(device, round));
        store.Wish(Id(device), Wish(device));
    }

    public static TwinWish Wish(int device) => new(JsonSerializer.SerializeToUtf8Bytes(Desired(device), ContractsJson.Default.TwinDesired), Labels(device));

    /// <param name="round">Another one, other numbers.</param>
    public static TwinChange Change(int device, int round)
    {
        var random = new Random((device * 2) + round);
        var id = new DeviceId(Id(device));
        return new TwinChange(id, new SiteId(Site(device)))
        {
            Online = true, Heard = true, LastSeen = Microseconds(Now), Since = Microseconds(Now.AddHours(-random.Next(1000))), Boot = random.Next(1, 40), Inspections = random.Next(100_000_000), Duplicates = random.Next(100),
            ClockSamples = [.. Enumerable.Range(0, ClockEstimate.Samples).Select(_ => (long)random.Next(5, 80))],
            Health = Written(Health(id, random)), Reported = Written(Reported(device, random)), Drift = Drift(device, random),
        };
    }

    private static DeviceHealth Health(DeviceId id, Random random) => new()
    {
        Origin = new Origin(id, random.Next(1, 40), random.Next(1, 2_000_000), 1), At = Now.AddTicks(random.NextInt64(TimeSpan.TicksPerDay)), UptimeSeconds = Math.Round(random.NextDouble() * 1e6, 3),
        ResidentBytes = random.NextInt64(200_000_000, 900_000_000), Provider = "CUDA", ShadowFramesShed = random.Next(10),
        Cameras =
        [
            new CameraHealth(new CameraId("cam-1"), CameraState.Live, Math.Round(random.NextDouble() * 30, 2), Math.Round(random.NextDouble() * 80, 2), random.Next(50_000_000), random.Next(1000), random.Next(10), random.Next(20), null)
            {
                Rejects = random.Next(100_000), Last = new LastDecision("scratch", random.Next(2) == 0),
            },
        ],
        Spool = new SpoolHealth(random.Next(50), random.Next(100_000), 1_073_741_824, 0, 0)
        {
            Classes = [.. new[] { "control", "results", "evidence", "frames" }.Select(name => new SpoolClassHealth(name, random.Next(20), random.Next(50_000), 268_435_456))],
        },
    };

    private static TwinReported Reported(int device, Random random) => new()
    {
        DesiredVersion = 2, Boot = random.Next(1, 40), At = Now.AddTicks(random.NextInt64(TimeSpan.TicksPerDay)), AgentVersion = "1.7.2", Provider = "CUDA",
        Cameras = [new ReportedCamera(new CameraId("cam-1"), string.Create(CultureInfo.InvariantCulture, $"rtsp://10.{device >> 16 & 255}.{device >> 8 & 255}.{device & 255}:554/h264"), 1920, 1080)],
        Model = new ReportedModel { State = UpdateState.Committed, Active = Model(device, 2), Previous = Model(device, 1), Target = Model(device, 2).Digest, Since = Now.AddMinutes(-random.Next(100_000)) },
    };

    private static TwinDesired Desired(int device)
    {
        var (model, token) = (Model(device, 2), string.Create(CultureInfo.InvariantCulture, $"{1790000000 + (device / 300)}.{Digest(device / 300)}"));
        return new TwinDesired
        {
            Version = 2,
            Model = new DesiredModel(model, string.Create(CultureInfo.InvariantCulture, $"rollout-{device % 40}"), new Uri($"https://fleet.example:8443/api/v1/models/{model.Digest}/package?token={token}"), 4_812_345, false)
            {
                Chunks = new Uri($"https://fleet.example:8443/api/v1/models/{model.Digest}/chunks?token={token}"),
            },
        };
    }

    private static DeviceDrift Drift(int device, Random random) => new(Model(device, 2).Digest, Microseconds(Now), 0, [.. Names.Select(name =>
    {
        var counts = new int[Bins];
        for (var bin = 0; bin < Bins; bin++) counts[bin] = random.Next(DeviceDrift.MostFrames / Bins);
        return new DriftCounts(name, Digest(name.Length)[..16], counts);
    })]);

    private static ModelRef Model(int device, int version) => new("surface", string.Create(CultureInfo.InvariantCulture, $"{version}.{device % 40}"), Digest((device % 40 * 10) + version));

    private static string Digest(int seed)
    {
        var bytes = new byte[32];
        new Random(seed).NextBytes(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    private static Written Written(DeviceHealth health) => new(TwinGlance.Of(health), JsonSerializer.SerializeToUtf8Bytes(health, ContractsJson.Default.DeviceHealth));

    private static Written Written(TwinReported reported) => new(TwinGlance.Of(reported), JsonSerializer.SerializeToUtf8Bytes(reported, ContractsJson.Default.TwinReported));

    /// <summary>Spreads numbers, so that a cohort is not every tenth row.</summary>
    private static uint Mixed(int device) => (uint)(device * 2654435761L >> 12);

    private static long Microseconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
