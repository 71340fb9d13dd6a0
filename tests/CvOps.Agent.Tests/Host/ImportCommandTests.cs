using System.Diagnostics;
using CvOps.Agent.Tests.Update;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Twin;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Host;

/// <summary><c>cvops-agent import</c>, beside an agent that runs and without one.</summary>
[Trait("tier", "integration"), Collection("agent process")]
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ImportCommandTests
{
    private const int WrongInput = 78;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_running_agent_takes_the_package_the_whole_way_and_a_bad_one_never_reaches_it()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using var agent = await rig.StartInspectingAsync();
        rig.Packages.Publish("v22");
        var package = Carried(rig, "v22");
        var (code, said) = await ImportAsync(rig, package);
        Assert.True(code == 0, $"{said}\n{agent.Process.Output}");
        Assert.Contains("tiny v22 is in charge", said, StringComparison.Ordinal);
        await rig.UntilAsync(() => rig.Fleet.Inspections()[^1].Model.Version == "v22", agent);
        Assert.Contains("tiny v22 is in charge", (await ImportAsync(rig, package)).Said, StringComparison.Ordinal);

        rig.Packages.Publish("v333");
        var altered = Carried(rig, "v333");
        UpdateRig.Flip(altered);
        (code, said) = await ImportAsync(rig, altered);
        Assert.Equal(1, code);
        Assert.StartsWith($"cvops-agent import: {altered} is refused: ", said, StringComparison.Ordinal);

        // Sound and signed, and wrong on this device: the self-test says so, and the model in charge stays.
        rig.Packages.Publish("v4444");
        rig.Packages.Repack("v4444", parts => parts with { Onnx = PackageReader.Open(package).Onnx });
        (code, said) = await ImportAsync(rig, Carried(rig, "v4444"));
        Assert.Equal(1, code);
        Assert.Contains("tiny v22 is in charge: The self-test on this device failed", said, StringComparison.Ordinal);

        await rig.ArrivedAsync(5, agent);
        var inspections = rig.Fleet.Inspections();
        Assert.Equal(["v1", "v22"], inspections.Select(it => it.Model.Version).Distinct());
        Assert.Equal(Enumerable.Range(0, inspections.Count).Select(frame => (long)frame), inspections.Select(it => it.Frame));
    }

    [Fact]
    public async Task What_is_stored_is_not_fetched_when_the_fleet_wants_it()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using var agent = await rig.StartInspectingAsync();
        var wanted = rig.Packages.Publish("v22");
        var package = Carried(rig, "v22");
        var (code, said) = await ImportAsync(rig, package, "--store");
        Assert.True(code == 0, said);
        Assert.Equal("v1", rig.Fleet.Inspections()[^1].Model.Version);

        var nobody = wanted with { Url = new Uri($"http://127.0.0.1:{TestProcess.FreePort()}/v22.cvmodel") };
        await rig.Fleet.SayAsync(AgentRig.Topics.TwinDesired, new TwinDesired { Version = 1, Model = nobody }, ContractsJson.Default.TwinDesired, retain: true, Token);
        await rig.UntilAsync(() => rig.Fleet.On(AgentRig.Topics.TwinReported, ContractsJson.Default.TwinReported) is [.., { DesiredVersion: 1, Model: { State: UpdateState.Committed, Active.Version: "v22" } }], agent);
        Assert.DoesNotContain("Download attempt", agent.Process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_does_not_run_takes_it_when_it_starts_and_the_fleets_next_wish_wins()
    {
        await using var rig = await AgentRig.CreateAsync();
        await using (var first = await rig.StartInspectingAsync()) Assert.Equal(0, await first.Process.StopAsync(AgentRig.Deadline, Token));
        rig.Packages.Publish("v22");
        var (code, said) = await ImportAsync(rig, Carried(rig, "v22"));
        Assert.True(code == 0, said);
        Assert.Contains("at its next start", said, StringComparison.Ordinal);
        await using var second = rig.Start();
        await rig.UntilAsync(() => rig.Fleet.Inspections() is [.., { Model.Version: "v22" }], second);
        Assert.False(File.Exists(Path.Combine(rig.Packages.Data, "imported", "wanted.json")));

        await rig.Fleet.SayAsync(AgentRig.Topics.TwinDesired, new TwinDesired { Version = 1, Model = rig.Packages.Publish("v333") }, ContractsJson.Default.TwinDesired, retain: true, Token);
        await rig.UntilAsync(() => rig.Fleet.Inspections()[^1].Model.Version == "v333", second);
    }

    [Theory]
    [InlineData("unknown key", 1, "unknown key")]
    [InlineData("expired", 1, "expired")]
    [InlineData("no package", 1, "is refused")]
    [InlineData("empty", 1, "has 0 bytes")]
    [InlineData("device", 1, "it needs the execution provider Abacus")]
    [InlineData("folder", 1, "is a folder")]
    [InlineData("missing", 1, "There is no file")]
    [InlineData("option", WrongInput, "'--force' is not understood")]
    [InlineData("nothing", WrongInput, "name a .cvmodel or .cvagent file")]
    [InlineData("configuration", WrongInput, "cannot be read")]
    [InlineData("state", WrongInput, "does not exist")]
    public async Task What_cannot_be_taken_is_one_sentence_and_leaves_nothing_behind(string what, int expected, string part)
    {
        await using var rig = await AgentRig.CreateAsync();
        using var stranger = SigningKeys.Create();
        rig.Packages.Publish("v22", what == "unknown key" ? stranger : null);
        var package = Carried(rig, "v22");
        string[] arguments = [package, "--config", rig.Configure()];
        switch (what)
        {
            case "expired":
                File.Delete(rig.Packages.Folder["keys", "signer.pem"]);
                using (var old = SigningKeys.Create())
                {
                    SigningKeys.SaveCertificate(old, "old", DateTimeOffset.UtcNow.AddYears(-2), DateTimeOffset.UtcNow.AddYears(-1), rig.Packages.Folder["keys", "signer.pem"]);
                    rig.Packages.Publish("v22", old);
                    package = Carried(rig, "v22");
                }
                break;
            case "device":
                rig.Packages.Publish("v22");
                rig.Packages.Repack("v22", parts => parts with { Manifest = parts.Manifest with { Requires = new ModelRequirements { Provider = "Abacus" } } });
                package = Carried(rig, "v22");
                break;
            case "no package": await File.WriteAllTextAsync(package, "a shopping list", Token); break;
            case "empty": await File.WriteAllTextAsync(package, "", Token); break;
            case "folder": arguments[0] = rig.Packages.Folder.Path; break;
            case "missing": arguments[0] = "/no/such.cvmodel"; break;
            case "option": arguments = [.. arguments, "--force"]; break;
            case "nothing": arguments = arguments[1..]; break;
            case "configuration": arguments[2] = "/no/such.yaml"; break;
            case "state": Directory.Delete(rig.Packages.Data, recursive: true); break;
        }
        var (code, said) = await RunAsync(arguments);
        Assert.Equal(expected, code);
        Assert.Contains(part, Assert.Single(said.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        var imported = Path.Combine(rig.Packages.Data, "imported");
        Assert.Empty(Directory.Exists(imported) ? Directory.EnumerateFiles(imported) : []);
    }

    [Fact]
    public async Task Root_acts_as_the_owner_of_the_state_folder()
    {
        const string owner = "65534";
        if (Environment.UserName != "root") Skip.Because("only root can give a folder to another user");
        await using var rig = await AgentRig.CreateAsync();
        rig.Packages.Publish("v22");
        var package = Carried(rig, "v22");
        // What a person brought need not be readable by the agent's user.
        File.SetUnixFileMode(package, UnixFileMode.UserRead);
        var configuration = rig.Configure();
        using (var own = Process.Start("chown", ["-R", owner, rig.Packages.Data])) await own.WaitForExitAsync(Token);
        foreach (var open in (string[])[rig.Packages.Folder.Path, rig.Packages.Folder["keys"]]) File.SetUnixFileMode(open, (UnixFileMode)0b111_101_101);
        var (code, said) = await RunAsync(package, "--config", configuration, "--store");
        Assert.True(code == 0, said);
        await using var find = TestProcess.Start("find", [rig.Packages.Data, "-not", "-user", owner]);
        Assert.Equal(0, await find.WaitForExitAsync(AgentRig.Deadline, Token));
        Assert.Equal("", find.Output);
        Assert.Single(Directory.EnumerateFiles(Path.Combine(rig.Packages.Data, "imported")));
    }

    [Fact]
    public async Task Help_says_what_it_does()
    {
        var (code, said) = await RunAsync("--help");
        Assert.Equal(0, code);
        Assert.Contains("cvops-agent import PACKAGE", said, StringComparison.Ordinal);
    }

    /// <summary>The package on a person's stick, where no server has it.</summary>
    private static string Carried(AgentRig rig, string version)
    {
        Directory.CreateDirectory(rig.Packages.Folder["stick"]);
        var path = rig.Packages.Folder["stick", $"{version}.cvmodel"];
        File.Move(rig.Packages.Folder[$"{version}.cvmodel"], path, overwrite: true);
        return path;
    }

    private static Task<(int Code, string Said)> ImportAsync(AgentRig rig, string package, params string[] more) => RunAsync([package, "--config", rig.Packages.Folder["agent.yaml"], .. more]);

    private static async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        await using var process = TestProcess.StartAssembly(AgentRig.Assembly, ["import", .. arguments]);
        return (await process.WaitForExitAsync(AgentRig.Deadline, Token), process.Output);
    }
}
