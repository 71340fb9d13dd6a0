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
    private TimeSpan _silence = TimeSpan.FromMinutes(5);
    private string? _stop;

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
    public async Task A_trainer_gets_its_folders_its_parameters_and_its_seed_and_none_of_the_fleets_settings()
    {
        Environment.SetEnvironmentVariable("Fleet__Cluster", "Host=db;Password=secret");
        try
        {
            var said = await RunAsync("""echo "$@" "$CVOPS_RUN" "$Fleet__Cluster" >&2; exit 9""");
            var folder = Path.Combine(_folder["data"], "training", "run-1");
            Assert.Contains($"--dataset {folder}/dataset --parent parent.cvmodel --out {folder}/out --parameters {folder}/parameters.json --checkpoints {folder}/checkpoints --seed 7 run-1", said, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("Fleet__Cluster", null);
        }
    }

    [Fact]
    public async Task A_trainer_with_a_checkpoint_is_told_to_resume()
    {
        Directory.CreateDirectory(Path.Combine(_folder["data"], "training", "run-1", "checkpoints"));
        await File.WriteAllTextAsync(Path.Combine(_folder["data"], "training", "run-1", "checkpoints", "3"), "weights", TestContext.Current.CancellationToken);
        Assert.Contains("--resume", await RunAsync("""echo "$@" >&2; exit 9"""), StringComparison.Ordinal);
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
    [InlineData("kill -9 $$", "was killed (code 137)")]
    [InlineData("echo '{\"event\":\"metrics\",\"metrics\":{\"accuracy\":1.7}}'; echo '{\"event\":\"done\"}'", "claims accuracy = 1.7; a share lies between 0 and 1")]
    [InlineData("echo '{\"event\":\"progress\",\"step\":1,\"metrics\":{\"f1; DROP\":1}}'", "a metric 'f1; DROP'")]
    [InlineData("echo '{\"event\":\"progress\",\"step\":-1,\"loss\":1}'", "steps begin at 0")]
    public async Task Whatever_goes_wrong_is_said_in_a_sentence(string script, string expected) => Assert.Contains(expected, await RunAsync(script), StringComparison.Ordinal);

    [Fact]
    public async Task A_trainer_that_says_nonsense_and_goes_on_is_stopped_at_once() =>
        Assert.Contains("no JSON line with an event: 'hello'", await RunAsync("echo hello; sleep 600", TimeSpan.FromSeconds(20)), StringComparison.Ordinal);

    [Fact]
    public async Task A_trainer_that_never_ends_is_stopped() =>
        Assert.Contains("took longer than", await RunAsync("sleep 600", TimeSpan.FromSeconds(0.5)), StringComparison.Ordinal);

    [Fact]
    public async Task A_trainer_that_hangs_is_stopped_by_its_silence()
    {
        _silence = TimeSpan.FromSeconds(1);
        Assert.Contains("said nothing for", await RunAsync("echo begun >&2; sleep 600", TimeSpan.FromSeconds(60)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_outlives_a_trainer_that_was_stopped_is_ended_by_its_stop_command()
    {
        // As a container outlives the client that started it: a session of its own, which no kill of the process tree reaches.
        var pid = _folder["outlives"];
        _stop = $"/bin/sh -c 'kill -9 $(cat {pid})'";
        Assert.Contains("took longer than", await RunAsync($"setsid sh -c 'echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 600' & while [ ! -e {pid} ]; do sleep 0.1; done; exec sleep 600", TimeSpan.FromSeconds(3)), StringComparison.Ordinal);
        var process = $"/proc/{(await File.ReadAllTextAsync(pid, TestContext.Current.CancellationToken)).Trim()}/cmdline";
        await Eventually.Async(() => !File.Exists(process) || File.ReadAllText(process).Length == 0, TimeSpan.FromSeconds(20), () => $"{process} lives", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Both_outputs_of_a_trainer_are_its_log_and_the_log_has_an_end()
    {
        Assert.Null(await RunAsync("""echo '{"event":"progress","step":1,"loss":0.5}'; echo "embedding" >&2; echo '{"event":"done"}'; yes 0123456789012345678901234567890123456789 | head -c 6000000 >&2"""));
        var log = await File.ReadAllTextAsync(Path.Combine(_folder["data"], "training", "run-1", "log"), TestContext.Current.CancellationToken);
        Assert.Contains("\"loss\":0.5", log, StringComparison.Ordinal);
        Assert.Contains("embedding", log, StringComparison.Ordinal);
        Assert.InRange(log.Length, RunLog.Most / 2, RunLog.Most + 1000);
        Assert.EndsWith("is left out.)\n", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trainer_talks_on_after_it_was_asked_to_stop_and_is_killed()
    {
        Assert.Contains("took longer than", await RunAsync("trap '' TERM; while true; do echo on >&2; sleep 0.2; done", TimeSpan.FromSeconds(0.5)), StringComparison.Ordinal);
    }

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
        var trainer = new TrainerProcess(Options.Create(new FleetOptions { TrainerSilenceLimit = _silence }), TimeProvider.System);
        var job = new TrainerJob(new TrainerEntry("script", [program], _stop is null ? null : CommandWords.Split(_stop)), new RunFolder(_folder["data"], "run-1", null), "parent.cvmodel", 7, limit);
        return (await trainer.RunAsync(job, line =>
        {
            _heard.Add(line);
            return ValueTask.CompletedTask;
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
