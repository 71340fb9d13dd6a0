using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Fleet.Tests.Devices;

/// <summary>From a device's messages over a real broker and the database to the twin that people read.</summary>
public sealed class TwinTests
{
    private static readonly ReferenceProfile Profile = new()
    {
        Frames = 100, Histograms = new Dictionary<string, ReferenceHistogram> { [Covariates.Brightness] = new([64, 128, 192], [10, 40, 40, 10], 130) }, Classes = new Dictionary<string, long>(),
    };

    [Fact]
    public async Task After_a_restart_the_twins_are_what_they_were()
    {
        await using var fleet = await FleetHost.StartAsync();
        var model = await RegisterAsync(fleet);
        for (var i = 1; i <= 3; i++)
        {
            await using var device = await fleet.ConnectDeviceAsync($"line-{i}");
            await device.SayOnlineAsync();
            await device.SendAsync(device.Topics.Health, Health(device, DateTimeOffset.UtcNow), ContractsJson.Default.DeviceHealth);
            await device.SendAsync(device.Topics.TwinReported, Reported(model), ContractsJson.Default.TwinReported, retain: true);
            await device.SendAsync(device.Inspection());
            await device.SendAsync(device.Topics.Drift(new CameraId("cam")), Window(device, model, [1, i, 2, 0]), ContractsJson.Default.DriftWindow);
            await FleetHost.UntilAsync(async () => await DeviceAsync(fleet, $"line-{i}") is { Inspections: 1, Reported: not null, Health: not null }, "the device is known");
            await fleet.Services.GetRequiredService<DesiredTwins>().ChangeLabelsAsync(new DeviceId($"line-{i}"), new LabelsChange(new Dictionary<string, string?> { ["line"] = $"{i}" }), "operator", TestContext.Current.CancellationToken);
            // Away without a goodbye: whatever the broker says of that has come before anything is compared.
            await device.SendAsync(device.Topics.Status, new DeviceStatus(device.Id, Connectivity.Offline, 1, "1.0"), ContractsJson.Default.DeviceStatus, retain: true);
            await FleetHost.UntilAsync(async () => (await DeviceAsync(fleet, $"line-{i}"))!.Connectivity == Connectivity.Offline, "the device is offline");
        }
        var (before, slice) = (await AllAsync(fleet), await SliceAsync(fleet, "line in (2,3)"));
        await fleet.RestartFleetAsync();
        Assert.Equal(before.Select(Text), (await AllAsync(fleet)).Select(Text));
        Assert.Equal(JsonSerializer.Serialize(slice, ContractsJson.Default.DriftSlice), JsonSerializer.Serialize(await SliceAsync(fleet, "line in (2,3)"), ContractsJson.Default.DriftSlice));
        var overview = await fleet.Http.GetFromJsonAsync("fleet", ContractsJson.Default.FleetOverview, TestContext.Current.CancellationToken);
        Assert.Equal((3, 0, 3), (overview!.Devices, overview.Online, overview.Cameras));
        Assert.Equal(3, overview.NeedsAttention.Count(item => item.Message.Contains("is offline", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_device_that_falls_silent_is_offline_after_its_time_and_back_with_its_next_report()
    {
        await using var fleet = await FleetHost.StartAsync(options => (options.OverdueAfter, options.OfflineAfter) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3)));
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SayOnlineAsync();
        await FleetHost.UntilAsync(async () => await DeviceAsync(fleet, "line-1") is { Overdue: true, Connectivity: Connectivity.Online }, "the device is overdue");
        await FleetHost.UntilAsync(async () => await DeviceAsync(fleet, "line-1") is { Overdue: false, Connectivity: Connectivity.Offline }, "the device counts as offline");
        await device.SendAsync(device.Topics.Health, Health(device, DateTimeOffset.UtcNow), ContractsJson.Default.DeviceHealth);
        DeviceView? view = null;
        await FleetHost.UntilAsync(async () => (view = await DeviceAsync(fleet, "line-1")) is { Connectivity: Connectivity.Online }, "the device is back");
        Assert.Equal([ConnectionReason.HeardAgain, ConnectionReason.Silent, ConnectionReason.FirstHeard], view!.Connections!.Take(3).Select(it => it.Reason));
        Assert.Equal(view.ConnectivitySince, view.Connections![0].At);
    }

    [Fact]
    public async Task Reports_from_the_future_show_the_clock_and_change_nothing_else()
    {
        await using var fleet = await FleetHost.StartAsync();
        var model = await RegisterAsync(fleet);
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await device.SayOnlineAsync();
        var ahead = TimeSpan.FromDays(400);
        for (var i = 0; i < 3; i++) await device.SendAsync(device.Topics.Health, Health(device, DateTimeOffset.UtcNow + TimeSpan.FromHours(2)), ContractsJson.Default.DeviceHealth);
        await device.SendAsync(device.Topics.Drift(new CameraId("cam")), Window(device, model, [0, 5, 5, 0]) with { To = DateTimeOffset.UtcNow + ahead }, ContractsJson.Default.DriftWindow);
        DeviceView? view = null;
        await FleetHost.UntilAsync(async () => (view = await DeviceAsync(fleet, "line-1")) is { Clock: not null }, "the clock is known");
        Assert.InRange(view!.Clock!.Seconds, 7100, 7200);
        Assert.True(view.LastSeen <= DateTimeOffset.UtcNow);
        var overview = await fleet.Http.GetFromJsonAsync("fleet", ContractsJson.Default.FleetOverview, TestContext.Current.CancellationToken);
        Assert.Contains(overview!.NeedsAttention, item => item.Message.Contains("The clock of line-1 is 7", StringComparison.Ordinal) && item.Message.Contains("ahead", StringComparison.Ordinal));
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetAsync("drift/slice?select=site%3Dplant", TestContext.Current.CancellationToken)).StatusCode == HttpStatusCode.OK
            && (await SliceAsync(fleet, "site=plant")).Counted == 1, "the window counts, as of now");
    }

    [Fact]
    public async Task A_slice_says_how_far_it_is_from_the_model_s_world_and_from_another_slice()
    {
        await using var fleet = await FleetHost.StartAsync();
        var model = await RegisterAsync(fleet);
        for (var i = 0; i < 4; i++)
        {
            await using var device = await fleet.ConnectDeviceAsync($"line-{i}");
            await device.SendAsync(device.Topics.Drift(new CameraId("cam")), Window(device, model, i < 2 ? [10, 40, 40, 10] : [0, 10, 40, 50]), ContractsJson.Default.DriftWindow);
            await device.SendAsync(device.Topics.Drift(new CameraId("cam")), Window(device, model, [1, 1, 1, 1], edges: [1, 2, 3]), ContractsJson.Default.DriftWindow);
            await FleetHost.UntilAsync(async () => await DeviceAsync(fleet, $"line-{i}") is not null, "the device is known");
            await fleet.Services.GetRequiredService<DesiredTwins>().ChangeLabelsAsync(new DeviceId($"line-{i}"), new LabelsChange(new Dictionary<string, string?> { ["side"] = i < 2 ? "left" : "right" }), "operator", TestContext.Current.CancellationToken);
        }
        await FleetHost.UntilAsync(async () => (await SliceAsync(fleet, "side")).Notes.Any(note => note.StartsWith("4 histograms", StringComparison.Ordinal)), "the foreign edges are counted as left out");
        var left = (await SliceAsync(fleet, "side=left")).Covariates.Single();
        Assert.Equal((0.0, 0.0, 0.0, 0.0, 200L, 2), (left.Psi, left.JensenShannon, left.KolmogorovSmirnov, left.Wasserstein1, left.Frames, left.Devices));
        var right = (await SliceAsync(fleet, "side=right")).Covariates.Single();
        Assert.Equal(0.4, right.KolmogorovSmirnov, 1e-12);
        Assert.Equal(0.9, right.Wasserstein1, 1e-12);
        var beside = (await SliceAsync(fleet, "side=right", "side=left")).Covariates.Single();
        Assert.Equal((right.Psi, 200L), (beside.Psi, beside.ReferenceFrames));
        foreach (var (query, says) in new[]
        {
            ("", "selects nothing"), ("select=side%3Dleft&against=siede%3Dleft", "did you mean 'side'?"), ("select=device%3Dline-9", "No device is called 'line-9'"), ("select=side%3D", "A value was expected"),
            ("select=side%3Dleft,side%3Dright", "No device matches"), ("select=side&hours=0", "hours is above 0"),
        })
        {
            var refused = await fleet.Http.GetAsync($"drift/slice?{query}", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
            Assert.Contains(says, JsonDocument.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    private static Task<DriftSlice> SliceAsync(FleetHost fleet, string select, string against = "reference") =>
        fleet.Http.GetFromJsonAsync($"drift/slice?select={Uri.EscapeDataString(select)}&against={Uri.EscapeDataString(against)}", ContractsJson.Default.DriftSlice, TestContext.Current.CancellationToken)!;

    private static async Task<DeviceView?> DeviceAsync(FleetHost fleet, string id)
    {
        var answer = await fleet.Http.GetAsync($"devices/{id}", TestContext.Current.CancellationToken);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync(ContractsJson.Default.DeviceView, TestContext.Current.CancellationToken) : null;
    }

    private static async Task<DeviceView[]> AllAsync(FleetHost fleet) => (await fleet.Http.GetFromJsonAsync("devices", ContractsJson.Default.DeviceViewArray, TestContext.Current.CancellationToken))!;

    private static string Text(DeviceView view) => JsonSerializer.Serialize(view, ContractsJson.Default.DeviceView);

    private static async Task<ModelRef> RegisterAsync(FleetHost fleet)
    {
        var path = fleet.InFolder("1.cvmodel");
        PackageWriter.Write(path, TestPackages.Parts("line", "1") with { Profile = Profile }, fleet.SigningKey);
        var answer = await fleet.Http.PostAsync("models", new ByteArrayContent(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken)), TestContext.Current.CancellationToken);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ModelView, TestContext.Current.CancellationToken))!.Model;
    }

    private static DeviceHealth Health(TestDevice device, DateTimeOffset at) => new()
    {
        Origin = device.NextOrigin(), At = at, UptimeSeconds = 12.5, ResidentBytes = 123_456_789, Provider = "CPU", Spool = new SpoolHealth(0, 0, 1_073_741_824, 0, 0),
        Cameras = [new CameraHealth(new CameraId("cam"), CameraState.Live, 9.97, 31.4, 100, 0, 0, 0, null)],
    };

    private static TwinReported Reported(ModelRef model) => new()
    {
        DesiredVersion = 0, Boot = 1, At = DateTimeOffset.UtcNow, AgentVersion = "1.0", Provider = "CPU", Cameras = [new ReportedCamera(new CameraId("cam"), "rtsp://camera/1", 640, 480)],
        Model = new ReportedModel { State = UpdateState.Idle, Active = model },
    };

    private static DriftWindow Window(TestDevice device, ModelRef model, long[] counts, double[]? edges = null) => new()
    {
        Origin = device.NextOrigin(), Camera = new CameraId("cam"), Model = model, From = DateTimeOffset.UtcNow.AddMinutes(-1), To = DateTimeOffset.UtcNow, Frames = counts.Sum(),
        Histograms = new Dictionary<string, HistogramCounts> { [Covariates.Brightness] = new(ReferenceHistogram.EdgesIdOf(edges ?? [64, 128, 192]), counts, 0) }, Classes = new Dictionary<string, long>(),
    };
}
