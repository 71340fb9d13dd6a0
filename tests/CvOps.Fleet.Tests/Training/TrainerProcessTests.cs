using CvOps.Contracts.Api;
using CvOps.Fleet.Training;
using CvOps.Testing;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Tests.Training;

/// <summary>Real processes that say what a trainer must not.</summary>
public sealed class TrainerProcessTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly List<TrainerLine> _heard = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Progress_metrics_and_done_make_a_run()
    {
        Assert.Null(await RunAsync("""
            echo '{"event":"progress","step":1,"loss":0.5}'
            echo '{"event":"progress","step":2,"loss":0.25}'
            echo '{"event":"metrics","metrics":{"accuracy":0.9}}'
            echo '{"event":"done"}'
            """));
        Assert.Equal([0.5, 0.25], _heard.Where(line => line.Event == "progress").Select(line => line.Loss!.Value));
        Assert.Equal(0.9, _heard[^1].Metrics!["accuracy"]);
    }

    [Fact]
    public async Task A_trainer_gets_the_request_as_arguments()
    {
        Assert.Contains("head --dataset data --parent parent.cvmodel --out out --l2 0.001 --seed 1", await RunAsync("""echo "$@" >&2; exit 9"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo oh no >&2; exit 3", "ended with code 3: oh no")]
    [InlineData("echo hello", "no JSON line with an event: 'hello'")]
    [InlineData("echo '{\"step\":1}'", "no JSON line")]
    [InlineData("echo null", "no JSON line")]
    [InlineData("true", "without saying that it was done")]
    [InlineData("echo '{\"event\":\"failed\",\"message\":\"no frames\"}'; exit 1", "no frames")]
    [InlineData("echo '{\"event\":\"progress\",\"step\":7,\"loss\":\"NaN\"}'; echo '{\"event\":\"done\"}'", "The loss became NaN at step 7")]
    [InlineData("echo '{\"event\":\"metrics\",\"metrics\":{\"accuracy\":\"NaN\"}}'; echo '{\"event\":\"done\"}'", "accuracy became NaN")]
    [InlineData("echo '{\"event\":\"done\"}'; exit 4", "ended with code 4")]
    [InlineData("kill -9 $$", "ended with code 137")]
    public async Task Whatever_goes_wrong_is_said_in_a_sentence(string script, string expected) => Assert.Contains(expected, await RunAsync(script), StringComparison.Ordinal);

    [Fact]
    public async Task A_trainer_that_says_nonsense_and_goes_on_is_stopped_at_once() =>
        Assert.Contains("no JSON line with an event: 'hello'", await RunAsync("echo hello; sleep 600", TimeSpan.FromSeconds(20)), StringComparison.Ordinal);

    [Fact]
    public async Task A_trainer_that_never_ends_is_stopped() =>
        Assert.Contains("took longer than", await RunAsync("sleep 600", TimeSpan.FromSeconds(0.5)), StringComparison.Ordinal);

    [Fact]
    public async Task A_trainer_that_talks_on_after_it_was_done_still_ends_well() =>
        Assert.Null(await RunAsync("""echo '{"event":"done"}'; yes | head -c 200000"""));

    [Fact]
    public async Task A_trainer_that_is_not_there_names_the_option() =>
        Assert.Contains("Name it with --trainer", await RunAsync("/nowhere/trainer", TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken), StringComparison.Ordinal);

    [Fact]
    public async Task A_stopping_fleet_kills_the_trainer()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var pid = _folder["pid"];
        var run = RunAsync(Write($"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 600"), TimeSpan.FromMinutes(5), stop.Token);
        await Eventually.Async(() => File.Exists(pid), TimeSpan.FromSeconds(20), () => "no trainer", TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        var process = $"/proc/{(await File.ReadAllTextAsync(pid, TestContext.Current.CancellationToken)).Trim()}";
        await Eventually.Async(() => !Directory.Exists(process), TimeSpan.FromSeconds(20), () => $"{process} lives", TestContext.Current.CancellationToken);
    }

    private Task<string?> RunAsync(string script, TimeSpan? limit = null) => RunAsync(Write(script), limit ?? TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

    private async Task<string?> RunAsync(string program, TimeSpan limit, CancellationToken cancel)
    {
        var trainer = new TrainerProcess(Options.Create(new FleetOptions { Trainer = program, TrainerTimeLimit = limit }));
        return (await trainer.RunAsync(new TrainingRequest("d", "p", "2", "operator"), "data", "parent.cvmodel", "out", line =>
        {
            _heard.Add(line);
            return Task.CompletedTask;
        }, cancel)).Failure;
    }

    private string Write(string script)
    {
        var path = _folder["trainer.sh"];
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }
}
