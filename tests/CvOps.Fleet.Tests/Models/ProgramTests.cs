using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Programs;
using CvOps.Contracts.Twin;
using CvOps.Fleet.Devices;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Models;

/// <summary>Programs of the agent's: kept by the fleet, ordered for a device, and what the device says of them.</summary>
public sealed class ProgramTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_program_is_kept_and_ordered_and_the_device_can_fetch_it_byte_for_byte()
    {
        await using var fleet = await FleetHost.StartAsync();
        var path = Pack(fleet, "1.3.0");
        var kept = await Kept(await PostAsync(fleet, path));
        Assert.Equal(("1.3.0", "linux-x64", SigningKeys.KeyId(fleet.SigningKey)), (kept.Version, kept.Runtime, kept.SignedBy));
        var listed = Assert.Single((await fleet.Http.GetFromJsonAsync("programs", ContractsJson.Default.ProgramViewArray, Token))!);
        Assert.Equal((kept.Digest, kept.Version, kept.Runtime, kept.Bytes, kept.SignedBy, false), (listed.Digest, listed.Version, listed.Runtime, listed.Bytes, listed.SignedBy, listed.Lost));

        await using var device = await fleet.ConnectDeviceAsync("press-1");
        await SayAsync(fleet, device, new ReportedProgram { State = ProgramState.Idle, Version = "1.2.0", Installed = "1.2.0", Runtime = "linux-x64" });
        var view = await OrderAsync(fleet, "press-1", new ProgramOrder("1.3.0"));
        Assert.Equal(("1.3.0", kept.Digest, 0), (view.Desired?.Program?.Version, view.Desired?.Program?.Digest, view.Desired?.Program?.Attempt));
        await Eventually.Async(() => device.Desired?.Program?.Digest == kept.Digest, TimeSpan.FromSeconds(20), () => $"{device.Desired}", Token);
        using var http = new HttpClient();
        Assert.Equal(await File.ReadAllBytesAsync(path, Token), await http.GetByteArrayAsync(device.Desired!.Program!.Url, Token));
        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync(new Uri(device.Desired.Program.Url + "0"), Token)).StatusCode);

        // The same order again changes nothing; to try again is said; none is a document of its own.
        Assert.Equal(view.Desired!.Version, (await OrderAsync(fleet, "press-1", new ProgramOrder("1.3.0"))).Desired!.Version);
        Assert.Equal(1, (await OrderAsync(fleet, "press-1", new ProgramOrder("1.3.0", Again: true))).Desired!.Program!.Attempt);
        Assert.Null((await OrderAsync(fleet, "press-1", new ProgramOrder(null))).Desired!.Program);
        var audit = await fleet.Http.GetStringAsync("audit?limit=50", Token);
        Assert.Contains("program.registered", audit, StringComparison.Ordinal);
        Assert.Contains("device.program-desired", audit, StringComparison.Ordinal);
        await fleet.RestartFleetAsync();
        Assert.Single((await fleet.Http.GetFromJsonAsync("programs", ContractsJson.Default.ProgramViewArray, Token))!);
    }

    [Fact]
    public async Task What_a_device_cannot_be_given_is_refused_in_a_sentence()
    {
        await using var fleet = await FleetHost.StartAsync();
        await PostAsync(fleet, Pack(fleet, "1.3.0"));
        await using var old = await fleet.ConnectDeviceAsync("press-1");
        await SayAsync(fleet, old, null);
        await RefusedAsync(fleet, "press-1", "says nothing of its program");
        await using var arm = await fleet.ConnectDeviceAsync("press-2");
        await SayAsync(fleet, arm, new ReportedProgram { State = ProgramState.Idle, Version = "1.2.0", Installed = "1.2.0", Runtime = "linux-arm64" });
        await RefusedAsync(fleet, "press-2", "keeps no program 1.3.0 for linux-arm64");
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.PostAsJsonAsync("devices/nobody/program", new ProgramOrder("1.3.0"), ContractsJson.Default.ProgramOrder, Token)).StatusCode);
    }

    [Fact]
    public async Task A_package_that_is_foreign_altered_or_of_a_version_that_is_given_is_not_kept()
    {
        await using var fleet = await FleetHost.StartAsync();
        using var stranger = SigningKeys.Create();
        await AssertRefusedAsync(await PostAsync(fleet, Pack(fleet, "1.3.0", stranger)), HttpStatusCode.UnprocessableEntity, "unknown key");
        var path = Pack(fleet, "1.3.0");
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(fleet, path)).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(fleet, path)).StatusCode);
        await AssertRefusedAsync(await PostAsync(fleet, Pack(fleet, "1.3.0")), HttpStatusCode.Conflict, "A version is given once");
        var bytes = await File.ReadAllBytesAsync(path, Token);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Token);
        await AssertRefusedAsync(await PostAsync(fleet, path), HttpStatusCode.UnprocessableEntity, "The package");
    }

    [Fact]
    public void A_wish_is_told_once_and_again_only_when_that_is_said()
    {
        var program = new DesiredProgram("1.3.0", new string('b', 64), new Uri("http://fleet/b"), 10);
        var first = DesiredRule.Program(null, program, again: false);
        Assert.Equal((1, program), (first.Version, first.Program));
        Assert.Same(first, DesiredRule.Program(first, program with { Url = new Uri("http://fleet/c") }, again: false));
        Assert.Equal((2, 1), (DesiredRule.Program(first, program, again: true).Version, DesiredRule.Program(first, program, again: true).Program!.Attempt));
        var none = DesiredRule.Program(first, null, again: false);
        Assert.Equal((2, null), (none.Version, none.Program));
        Assert.Same(none, DesiredRule.Program(none, null, again: true));
        Assert.Equal("http://fleet/fresh", DesiredRule.RenewedProgram(first, 1, new Uri("http://fleet/fresh"))!.Program!.Url.OriginalString);
        Assert.Null(DesiredRule.RenewedProgram(first, 7, new Uri("http://fleet/fresh")));
    }

    private static string Pack(FleetHost fleet, string version, ECDsa? key = null)
    {
        var folder = fleet.InFolder($"program-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "cvops-agent.dll"), "a program");
        return ProgramPacker.Pack(folder, version, "linux-x64", key ?? fleet.SigningKey, folder + ".cvagent").Path;
    }

    private static async Task<HttpResponseMessage> PostAsync(FleetHost fleet, string path)
    {
        using var content = new ByteArrayContent(await File.ReadAllBytesAsync(path, Token)) { Headers = { ContentType = new("application/octet-stream") } };
        return await fleet.Http.PostAsync("programs", content, Token);
    }

    private static async Task<ProgramView> Kept(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ProgramView, Token))!;

    private static async Task<DeviceView> OrderAsync(FleetHost fleet, string device, ProgramOrder order)
    {
        var answer = await fleet.Http.PostAsJsonAsync($"devices/{device}/program", order, ContractsJson.Default.ProgramOrder, Token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.DeviceView, Token))!;
    }

    private static async Task RefusedAsync(FleetHost fleet, string device, string part) =>
        await AssertRefusedAsync(await fleet.Http.PostAsJsonAsync($"devices/{device}/program", new ProgramOrder("1.3.0"), ContractsJson.Default.ProgramOrder, Token), HttpStatusCode.UnprocessableEntity, part);

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, HttpStatusCode code, string part)
    {
        Assert.Equal(code, answer.StatusCode);
        Assert.Contains(part, await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    private static async Task SayAsync(FleetHost fleet, TestDevice device, ReportedProgram? program)
    {
        await device.SayOnlineAsync();
        await device.SendAsync(device.Topics.TwinReported, new TwinReported
        {
            DesiredVersion = 0, Boot = 1, At = DateTimeOffset.UtcNow, AgentVersion = "1.2.0", Provider = "CPU", Cameras = [], Model = new ReportedModel { State = UpdateState.Idle }, Program = program,
        }, ContractsJson.Default.TwinReported, retain: true);
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetAsync($"devices/{device.Id}", Token)) is { IsSuccessStatusCode: true } answer
            && (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.DeviceView, Token))?.Reported is not null, "the device's report");
    }
}
