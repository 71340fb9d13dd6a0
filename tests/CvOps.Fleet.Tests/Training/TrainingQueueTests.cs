using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Training;
using CvOps.Testing;
using static CvOps.Fleet.Tests.Training.TrainingKit;

namespace CvOps.Fleet.Tests.Training;

/// <summary>Which run goes when, and what becomes of one that is killed, cancelled or out of time. The trainers are real processes.</summary>
public sealed class TrainingQueueTests
{
    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_trainer_that_was_killed_goes_on_from_its_checkpoint_and_its_curve_is_one()
    {
        await using var fleet = await StartAsync();
        var request = await PrepareAsync(fleet, $$"""
            if [ -z "$RESUME" ]; then
              echo '{"event":"progress","step":1,"loss":3}'; echo '{"event":"progress","step":2,"loss":2}'
              echo weights > $CHECKPOINTS/1; sleep 0.5; kill -9 $$
            fi
            echo "goes on from $(cat $CHECKPOINTS/1)" >&2
            echo '{"event":"progress","step":2,"loss":1.5}'; echo '{"event":"progress","step":3,"loss":1}'
            {{Deliver(fleet, Right)}}
            """);
        var run = await TrainAsync(fleet, request, TrainingState.Inconclusive);
        Assert.Equal(2, run.Attempts);
        Assert.Equal([new TrainingPoint(1, 3), new TrainingPoint(2, 1.5), new TrainingPoint(3, 1)], run.Curve);
        var page = await fleet.Http.GetFromJsonAsync("training/run-1/metrics?name=loss&limit=2", ContractsJson.Default.TrainingMetricPage, Ct);
        Assert.Equal([(1, 3.0), (2, 1.5)], page!.Metrics.Select(metric => ((int)metric.Step, metric.Value)));
        page = await fleet.Http.GetFromJsonAsync($"training/run-1/metrics?name=loss&after={page.Next}", ContractsJson.Default.TrainingMetricPage, Ct);
        Assert.Equal((3, 1.0, null), ((int)page!.Metrics.Single().Step, page.Metrics.Single().Value, page.Next));
        await Eventually.Async(async () => (await fleet.Http.GetStringAsync("training/run-1/log", Ct)).Contains("goes on from weights", StringComparison.Ordinal), TimeSpan.FromSeconds(10), () => "no log", Ct);
        Assert.NotEmpty(run.Environment!["cpu"]);
    }

    [Fact]
    public async Task A_trainer_that_is_killed_again_and_again_is_given_up()
    {
        await using var fleet = await StartAsync();
        var request = await PrepareAsync(fleet, "kill -9 $$");
        var run = await TrainAsync(fleet, request, TrainingState.Failed);
        Assert.Equal(TrainingRunner.MostAttempts, run.Attempts);
        Assert.Contains("was killed", run.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_the_fleets_end_cut_off_goes_on_from_its_checkpoint()
    {
        await using var fleet = await StartAsync();
        var request = await PrepareAsync(fleet, $"if [ -z \"$RESUME\" ]; then echo 1 > $CHECKPOINTS/1; exec sleep 600; fi; {Deliver(fleet, Right)}");
        await PostAsync(fleet, request);
        var checkpoint = Path.Combine(fleet.Options.Data, "training", "run-1", "checkpoints", "1");
        await Eventually.Async(() => File.Exists(checkpoint), TimeSpan.FromSeconds(20), () => "no checkpoint", Ct);
        await fleet.RestartFleetAsync();
        Assert.Equal(2, (await UntilAsync(fleet, TrainingState.Inconclusive)).Attempts);
    }

    [Fact]
    public async Task A_trainer_that_outlived_its_fleet_is_ended_before_the_next_begins()
    {
        using var folder = new TestFolder();
        var run = new RunFolder(folder["data"], "run-1", null);
        Directory.CreateDirectory(run.Path);
        using var left = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "sleep 600 & wait"]))!;
        LeftTrainer.Remember(run, left);
        await LeftTrainer.EndAsync(new TrainerEntry("script", ["sh"], null), run);
        Assert.True(left.HasExited);

        // A number that is another program's by now is left alone.
        using var other = Process.Start(new ProcessStartInfo("sleep", ["600"]))!;
        await File.WriteAllTextAsync(run.Process, $"{other.Id} 12345", Ct);
        await LeftTrainer.EndAsync(new TrainerEntry("script", ["sh"], null), run);
        Assert.False(other.HasExited);
        other.Kill();
    }

    [Fact]
    public async Task The_highest_priority_goes_first_and_no_more_at_once_than_allowed()
    {
        await using var fleet = await StartAsync(options => options.TrainingRunsAtOnce = 2);
        var (order, go) = (fleet.InFolder("order"), fleet.InFolder("go"));
        var request = await PrepareAsync(fleet, $"echo $CVOPS_RUN >> {order}; while [ ! -e {go} ]; do sleep 0.1; done; echo '{{\"event\":\"failed\",\"message\":\"enough\"}}'; exit 1");
        for (var i = 1; i <= 2; i++) await PostAsync(fleet, request with { Version = $"first-{i}" });
        await Eventually.Async(() => File.Exists(order) && File.ReadAllLines(order).Length == 2, TimeSpan.FromSeconds(20), () => "two should run", Ct);
        await PostAsync(fleet, request with { Version = "low", Priority = -5 });
        await PostAsync(fleet, request with { Version = "high", Priority = 5 });
        var waiting = await fleet.Http.GetFromJsonAsync("training", ContractsJson.Default.TrainingRunViewArray, Ct);
        Assert.Equal(["run-4", "run-3"], waiting!.Where(run => run.State == TrainingState.Queued).Select(run => run.Id));
        await fleet.Http.PostAsJsonAsync("training/run-1/cancel", new TrainingCancellation("operator", "makes room"), ContractsJson.Default.TrainingCancellation, Ct);
        await Eventually.Async(() => File.ReadAllLines(order).Length == 3, TimeSpan.FromSeconds(20), () => "a third should run", Ct);
        Assert.Equal("run-4", (await File.ReadAllLinesAsync(order, Ct))[2]);
        await File.WriteAllTextAsync(go, "", Ct);
        await UntilAsync(fleet, TrainingState.Failed, "run-3");
    }

    [Fact]
    public async Task A_cancelled_run_ends_its_trainer_and_leaves_only_its_log()
    {
        await using var fleet = await StartAsync();
        var pid = fleet.InFolder("pid");
        var request = await PrepareAsync(fleet, $"echo begun >&2; echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 600");
        await PostAsync(fleet, request);
        await PostAsync(fleet, request with { Version = "3" });
        await Eventually.Async(() => File.Exists(pid), TimeSpan.FromSeconds(20), () => "no trainer", Ct);
        foreach (var id in new[] { "run-1", "run-2" })
        {
            var answer = await fleet.Http.PostAsJsonAsync($"training/{id}/cancel", new TrainingCancellation("operator", "wrong labels"), ContractsJson.Default.TrainingCancellation, Ct);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("Cancelled by operator: wrong labels", (await UntilAsync(fleet, TrainingState.Cancelled, id)).Reason);
        }
        var process = $"/proc/{(await File.ReadAllTextAsync(pid, Ct)).Trim()}";
        await Eventually.Async(() => !Directory.Exists(process), TimeSpan.FromSeconds(20), () => $"{process} lives", Ct);
        await Eventually.Async(() => !Directory.Exists(Path.Combine(fleet.Options.Data, "training", "run-1")), TimeSpan.FromSeconds(10), () => "the folder is left", Ct);
        Assert.Contains("begun", await fleet.Http.GetStringAsync("training/run-1/log", Ct), StringComparison.Ordinal);
        var again = await fleet.Http.PostAsJsonAsync("training/run-1/cancel", new TrainingCancellation("operator", "twice"), ContractsJson.Default.TrainingCancellation, Ct);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Single((await fleet.Http.GetFromJsonAsync("models", ContractsJson.Default.ModelViewArray, Ct))!);
    }

    [Fact]
    public async Task A_budget_of_time_ends_a_run()
    {
        await using var fleet = await StartAsync();
        var request = await PrepareAsync(fleet, "exec sleep 600");
        var run = await TrainAsync(fleet, request with { Budget = new TrainingBudget(TimeSpan.FromSeconds(1)) }, TrainingState.Failed);
        Assert.Contains("left of its budget and was stopped", run.Reason, StringComparison.Ordinal);
        Assert.InRange(run.Spent, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_trainer_of_the_settings_is_chosen_by_its_name_and_gets_the_requests_parameters()
    {
        var script = "";
        await using var fleet = await StartAsync(options => options.Trainers["own"] = new TrainerOptions { Command = $"/bin/sh '{script = Path.Combine(Path.GetDirectoryName(options.Data)!, "own.sh")}' first" });
        var request = await PrepareAsync(fleet, "exit 1");
        await File.WriteAllTextAsync(script, $"{Arguments}\ncat $PARAMETERS >&2; {Deliver(fleet, Right)}", Ct);
        var parameters = System.Text.Json.JsonSerializer.Deserialize("""{"epochs":3,"schedule":{"warmup":[1,2]}}""", ContractsJson.Default.IReadOnlyDictionaryStringJsonElement);
        var run = await TrainAsync(fleet, request with { Trainer = "own", Parameters = parameters }, TrainingState.Inconclusive);
        await Eventually.Async(async () => (await fleet.Http.GetStringAsync("training/run-1/log", Ct)).Contains("""{"epochs":3,"schedule":{"warmup":[1,2]}}""", StringComparison.Ordinal), TimeSpan.FromSeconds(10), () => "no log", Ct);
        Assert.Equal("own", (await fleet.Http.GetFromJsonAsync($"models/{run.Model}", ContractsJson.Default.ModelView, Ct))!.Lineage.Trainer);
    }

    [Fact]
    public async Task A_request_with_mistakes_is_told_all_of_them()
    {
        await using var fleet = await StartAsync();
        var answer = await fleet.Http.PostAsJsonAsync("training", new TrainingRequest("d", "p", "", "operator", -1) { Trainer = "gpt", Priority = 101 }, ContractsJson.Default.TrainingRequest, Ct);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var said = await answer.Content.ReadAsStringAsync(Ct);
        foreach (var expected in new[] { "a version", "L2 penalty", "no trainer 'gpt'; there are head, torch", "between -100 and 100", "no dataset snapshot 'd'", "no model 'p'" })
            Assert.Contains(expected, System.Text.RegularExpressions.Regex.Unescape(said), StringComparison.Ordinal);
    }
}
