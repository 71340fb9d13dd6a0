using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision;

namespace CvOps.Fleet.Tests.Drift;

/// <summary>Windows from a device over a real broker through the grain to the API.</summary>
public sealed class DriftGrainTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_darkening_camera_alarms_once_with_its_cause_and_a_restart_forgets_nothing()
    {
        var chance = new Random(1);
        List<RunnerResult> Frames(int frames, double brightness = 0) => [.. Enumerable.Range(0, frames).Select(_ => Windows.Draw(chance, brightness))];
        var profile = Windows.Profile(Frames(500));
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        var model = await RegisterAsync(fleet, profile, "1");
        DriftWindow Window(int number, double brightness = 0, ModelRef? other = null) => Windows.Count(Frames(Windows.Frames, brightness), profile, number, model: other ?? model);

        for (var number = 1; number <= 6; number++) await SendAsync(device, Window(number));
        Assert.Equal((DriftState.Stable, null), await StateAsync(fleet, 300));

        var dark = Enumerable.Range(7, 6).Select(number => Window(number, -8 * (number - 6))).ToArray();
        foreach (var window in dark) await SendAsync(device, window);
        Assert.Equal((DriftState.Alarm, "ageing-lamp"), await StateAsync(fleet, 600));
        var detail = await DetailAsync(fleet);
        output.WriteLine(detail!.View.Explanation);
        // The watch began three windows later; the evidence knows since when.
        Assert.Contains($"since {dark[0].From:yyyy-MM-dd HH:mm:ss} UTC", detail.View.Explanation, StringComparison.Ordinal);

        await fleet.RestartFleetAsync();
        foreach (var window in dark) await SendAsync(device, window);
        await SendAsync(device, Window(13, -48));
        await StateAsync(fleet, 650);
        var overview = await fleet.Http.GetFromJsonAsync("fleet", ContractsJson.Default.FleetOverview, TestContext.Current.CancellationToken);
        Assert.Equal(1, overview!.DriftAlarms);
        Assert.Contains(overview.NeedsAttention, attention => attention.Message.Contains("clean or replace the lamp", StringComparison.Ordinal));
        var audit = await fleet.Http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, TestContext.Current.CancellationToken);
        Assert.Single(audit!.Entries, entry => entry.Action == "drift.alarm");

        // Another model begins anew; what the spool still held of the old one is not counted to it.
        var second = await RegisterAsync(fleet, profile, "2");
        await SendAsync(device, Window(20, -48, second));
        await SendAsync(device, Window(14, -48));
        await SendAsync(device, Window(21, -48, second));
        Assert.Equal(DriftState.Watch, (await WaitAsync(fleet, view => view.Model.Version == "2" && view.Frames == 100)).State);
    }

    [Fact]
    public async Task A_camera_with_one_of_the_model_s_lights_learns_its_own_baseline_across_a_restart_and_a_person_may_accept_another()
    {
        var chance = new Random(1);
        List<RunnerResult> Frames(int frames, double brightness = 0) => [.. Enumerable.Range(0, frames).Select(_ => Windows.Draw(chance, brightness))];
        var profile = Windows.Profile([.. Frames(300), .. Frames(200, -60)]);
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        var model = await RegisterAsync(fleet, profile, "1");
        DriftWindow Window(int number, double brightness) => Windows.Count(Frames(Windows.Frames, brightness), profile, number, model: model);

        for (var number = 1; number <= 6; number++) await SendAsync(device, Window(number, -60));
        var learning = await WaitAsync(fleet, view => view.Frames == 300);
        Assert.Equal(DriftState.Learning, learning.State);
        Assert.Contains("300 of 500 frames of its own baseline are learned", learning.Explanation, StringComparison.Ordinal);
        await fleet.RestartFleetAsync();
        for (var number = 7; number <= 12; number++) await SendAsync(device, Window(number, -60));
        Assert.Equal((DriftState.Stable, null), await StateAsync(fleet, 600));
        Assert.InRange((await DetailAsync(fleet))!.Reference[Covariates.Brightness].Mean, 65, 75);

        for (var number = 13; number <= 16; number++) await SendAsync(device, Window(number, 0));
        Assert.Equal(DriftState.Alarm, (await StateAsync(fleet, 800)).State);
        var accepted = await fleet.Http.PostAsJsonAsync("drift/line-1/cam/accept", new DriftAcceptance("operator", "new lamp"), ContractsJson.Default.DriftAcceptance, TestContext.Current.CancellationToken);
        accepted.EnsureSuccessStatusCode();
        for (var number = 17; number <= 28; number++) await SendAsync(device, Window(number, 0));
        Assert.Equal((DriftState.Stable, null), await StateAsync(fleet, 1400));
        Assert.InRange((await DetailAsync(fleet))!.Reference[Covariates.Brightness].Mean, 125, 135);
        var audit = await fleet.Http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, TestContext.Current.CancellationToken);
        Assert.Single(audit!.Entries, entry => entry is { Action: "drift.accepted", By: "operator", Subject: "line-1/cam" } && entry.Detail.EndsWith("new lamp", StringComparison.Ordinal));
        Assert.Equal(System.Net.HttpStatusCode.NotFound,
            (await fleet.Http.PostAsJsonAsync("drift/nobody/cam/accept", new DriftAcceptance("operator"), ContractsJson.Default.DriftAcceptance, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task A_model_without_a_profile_says_that_drift_cannot_be_told()
    {
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("line-1");
        await SendAsync(device, Windows.Count([Windows.Draw(new Random(1))], Windows.Profile([Windows.Draw(new Random(2))]), 1));
        var view = await WaitAsync(fleet, view => view.Frames == 1);
        Assert.Equal(DriftState.Learning, view.State);
        Assert.Contains("is not in the registry or holds no reference profile", view.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Real_steel_stays_quiet_for_three_rounds_and_the_darkening_line_has_an_ageing_lamp()
    {
        using var classifier = Steel.Open("v2");
        var profile = SteelVideo.TrainingProfile(classifier);
        var (normal, darkening) = (SteelVideo.Measure("neu-line-normal.mp4", classifier), SteelVideo.Measure("neu-line-drift.mp4", classifier));
        Assert.Equal((240, 400), (normal.Count, darkening.Count));
        await using var fleet = await FleetHost.StartAsync();
        var model = await RegisterAsync(fleet, profile, "2");
        foreach (var (id, frames) in new[] { ("quiet", normal.Concat(normal).Concat(normal).ToList()), ("dark", darkening) })
        {
            await using var device = await fleet.ConnectDeviceAsync(id);
            var number = 0;
            foreach (var window in frames.Chunk(Windows.Frames)) await SendAsync(device, Windows.Count(window, profile, ++number, id, model));
            await WaitAsync(fleet, view => view.Frames == frames.Count, id);
        }
        var (quiet, dark) = (await DetailAsync(fleet, "quiet"), await DetailAsync(fleet, "dark"));
        foreach (var (name, detail) in new[] { ("quiet", quiet!), ("dark", dark!) })
        {
            output.WriteLine($"{name}: {detail.View.State} {detail.View.Cause}: {detail.View.Explanation}");
            foreach (var point in detail.Timeline) output.WriteLine($"{name} {point.State,-8} {string.Join(", ", point.Psi.Select(psi => $"{psi.Key} {psi.Value:0.00}"))}");
        }
        Assert.DoesNotContain(quiet!.Timeline, point => point.State is DriftState.Watch or DriftState.Alarm);
        Assert.Equal((DriftState.Alarm, "ageing-lamp"), (dark!.View.State, dark.View.Cause));
        // The lamp fades from frame 160 on; nothing before that may be watched.
        Assert.DoesNotContain(dark.Timeline.Take(3), point => point.State is DriftState.Watch or DriftState.Alarm);
    }

    private static async Task<ModelRef> RegisterAsync(FleetHost fleet, ReferenceProfile profile, string version)
    {
        var path = fleet.InFolder($"{version}.cvmodel");
        PackageWriter.Write(path, TestPackages.Parts("line", version) with { Profile = profile }, fleet.SigningKey);
        var answer = await fleet.Http.PostAsync("models", new ByteArrayContent(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken)), TestContext.Current.CancellationToken);
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ModelView, TestContext.Current.CancellationToken))!.Model;
    }

    private static Task SendAsync(TestDevice device, DriftWindow window) => device.SendAsync(device.Topics.Drift(window.Camera), window, ContractsJson.Default.DriftWindow);

    private static async Task<(DriftState State, string? Cause)> StateAsync(FleetHost fleet, long frames) => await WaitAsync(fleet, view => view.Frames == frames) is var view ? (view.State, view.Cause) : default;

    private static async Task<DriftView> WaitAsync(FleetHost fleet, Func<DriftView, bool> wanted, string device = "line-1")
    {
        DriftView? seen = null;
        await FleetHost.UntilAsync(async () => (seen = (await fleet.Http.GetFromJsonAsync("drift", ContractsJson.Default.DriftViewArray, TestContext.Current.CancellationToken))!
            .SingleOrDefault(view => view.Device.Value == device)) is { } view && wanted(view), "the drift windows");
        return seen!;
    }

    private static Task<DriftDetail?> DetailAsync(FleetHost fleet, string device = "line-1") =>
        fleet.Http.GetFromJsonAsync($"drift/{device}/cam", ContractsJson.Default.DriftDetail, TestContext.Current.CancellationToken);
}
