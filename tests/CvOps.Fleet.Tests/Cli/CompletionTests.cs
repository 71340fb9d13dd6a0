using System.Diagnostics;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Cli;

/// <summary>Completion as a shell asks for it: by the program's own directive, and through the script in a real bash.</summary>
[Trait("tier", "integration")]
public sealed class CompletionTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commands_options_and_the_fleets_own_names_are_completed_in_bash()
    {
        Skip.Unless(TestProcess.Find("bash") is not null, "there is no bash");
        await using var fleet = await FleetHost.StartAsync();
        await using var device = await fleet.ConnectDeviceAsync("press-9");
        await device.SayOnlineAsync();
        await FleetHost.UntilAsync(async () => (await fleet.Http.GetStringAsync("devices", Ct)).Contains("press-9", StringComparison.Ordinal), "the device is known");
        Assert.Contains("rollout", await CompleteAsync(fleet, "cvops roll"));
        Assert.Equal(["--watch"], await CompleteAsync(fleet, "cvops devices list --wa"));
        // A name that takes too long is left out: a busy machine is asked again.
        await FleetHost.UntilAsync(async () => await CompleteAsync(fleet, "cvops devices show pre") is ["press-9"], "press-9 is offered");
        await FleetHost.UntilAsync(async () => await CompleteAsync(fleet, "cvops training start --trainer he") is ["head"], "head is offered");
        // Without a fleet there are no names, and a Tab does not hang.
        var address = fleet.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);
        await fleet.StopFleetAsync();
        var begun = Stopwatch.GetTimestamp();
        Assert.Empty(await CompleteAsync(fleet, "cvops devices show pre", address));
        Assert.Equal(["--watch"], await CompleteAsync(fleet, "cvops devices list --wa", address));
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Theory, InlineData("zsh", "-n"), InlineData("fish", "--no-execute"), InlineData("bash", "-n")]
    public async Task A_script_is_sound_to_its_shell(string shell, string check)
    {
        Skip.Unless(TestProcess.Find(shell) is not null, $"there is no {shell}");
        using var folder = new TestFolder();
        await using var print = TestProcess.StartAssembly(CliProgram.Assembly, ["completion", shell]);
        Assert.Equal(0, await print.WaitForExitAsync(TimeSpan.FromSeconds(30), Ct));
        await File.WriteAllTextAsync(folder["script"], print.Output, Ct);
        await using var run = TestProcess.Start(shell, [check, folder["script"]]);
        Assert.True(await run.WaitForExitAsync(TimeSpan.FromSeconds(30), Ct) == 0, run.Output);
    }

    /// <summary>What bash would offer at the end of the line.</summary>
    private static async Task<string[]> CompleteAsync(FleetHost fleet, string line, string? address = null)
    {
        using var folder = new TestFolder();
        var program = folder["cvops"];
        await File.WriteAllTextAsync(program, $"#!/bin/sh\nexec '{TestProcess.DotNet}' exec '{CliProgram.Assembly}' \"$@\"\n", Ct);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var script = $$"""
            source <('{{program}}' completion bash)
            COMP_LINE='{{line}}'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=($COMP_LINE); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _cvops '{{program}}' "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\n' "${COMPREPLY[@]}"
            """;
        await using var bash = TestProcess.Start("bash", ["-c", script], new Dictionary<string, string?> { ["CVOPS_FLEET"] = address ?? fleet.Http.BaseAddress!.GetLeftPart(UriPartial.Authority), ["CVOPS_TOKEN"] = fleet.LocalToken });
        await bash.WaitForExitAsync(TimeSpan.FromSeconds(60), Ct);
        return bash.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
