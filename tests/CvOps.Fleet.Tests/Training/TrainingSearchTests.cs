using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Training;
using CvOps.Testing;
using static CvOps.Fleet.Tests.Training.TrainingKit;

namespace CvOps.Fleet.Tests.Training;

/// <summary>Hyper-parameter searches: the rule alone, and whole searches whose trials are real processes.</summary>
public sealed class TrainingSearchTests
{
    /// <summary>The score of a trial is best at x = 0.3.</summary>
    private const string Score = """
        X=$(sed 's/.*"x":\([-0-9.eE]*\).*/\1/' $PARAMETERS)
        echo "{\"event\":\"metrics\",\"metrics\":{\"score\":$(awk "BEGIN{print 1-($X-0.3)*($X-0.3)}")}}"
        """;

    private static readonly CancellationToken Ct = TestContext.Current.CancellationToken;

    private static readonly Dictionary<string, SearchDimension> X = new() { ["x"] = new SearchDimension { Low = 0, High = 1 } };

    [Fact]
    public async Task The_best_of_a_random_search_goes_to_the_gate()
    {
        await using var fleet = await StartAsync(options => options.TrainingRunsAtOnce = 2);
        var request = await PrepareAsync(fleet, "");
        Write(fleet, $"{Score}\n{Deliver(fleet, Right)}");
        var run = await TrainAsync(fleet, request with { Search = new TrainingSearch(TrainingSearchKind.Random, "score", X, 4) }, TrainingState.Inconclusive);
        Assert.Equal(4, run.Trials!.Count);
        var best = run.Trials.MaxBy(trial => trial.Score)!;
        Assert.Equal(run.Trials.MinBy(trial => Math.Abs(trial.Parameters["x"].GetDouble() - 0.3)), best);
        Assert.Equal(best.Score!.Value, run.Metrics["score"]);
        Assert.NotNull(run.Model);
        var trials = await fleet.Http.GetFromJsonAsync("training?search=run-1", ContractsJson.Default.TrainingRunViewArray, Ct);
        Assert.Equal(["run-1-4", "run-1-3", "run-1-2", "run-1-1"], trials!.Select(trial => trial.Id));
        Assert.Single((await fleet.Http.GetFromJsonAsync("training", ContractsJson.Default.TrainingRunViewArray, Ct))!);
        await Eventually.Async(() => !Directory.EnumerateFileSystemEntries(Path.Combine(fleet.Options.Data, "training")).Any(), TimeSpan.FromSeconds(10), () => "folders are left", Ct);
    }

    [Fact]
    public async Task Halving_gives_the_better_ones_more_and_they_go_on_from_where_they_were()
    {
        await using var fleet = await StartAsync(options => options.TrainingRunsAtOnce = 3);
        var resumed = fleet.InFolder("resumed");
        var request = await PrepareAsync(fleet, "");
        Write(fleet, $"[ -n \"$RESUME\" ] && echo $CVOPS_RUN >> {resumed}; echo 1 > $CHECKPOINTS/1\n{Score}\n{Deliver(fleet, Right)}");
        var search = new TrainingSearch(TrainingSearchKind.Halving, "score", X, 4) { Resource = "epochs", Least = 2, Most = 8, Factor = 2 };
        var run = await TrainAsync(fleet, request with { Search = search }, TrainingState.Inconclusive);
        Assert.Equal([2, 2, 2, 2, 4, 4, 8], run.Trials!.Select(trial => trial.Parameters["epochs"].GetInt32()));
        Assert.Equal(["run-1-5", "run-1-6", "run-1-7"], (await File.ReadAllLinesAsync(resumed, Ct)).Order(StringComparer.Ordinal));
        Assert.Equal(run.Trials!.Take(4).MaxBy(trial => trial.Score)!.Parameters["x"].GetDouble(), run.Trials![^1].Parameters["x"].GetDouble());
    }

    [Fact]
    public async Task A_metric_that_no_trial_reports_is_said_with_those_that_were()
    {
        await using var fleet = await StartAsync();
        var request = await PrepareAsync(fleet, "");
        Write(fleet, $"{Score}\n{Deliver(fleet, Right)}");
        var run = await TrainAsync(fleet, request with { Search = new TrainingSearch(TrainingSearchKind.Random, "f1", X, 1) }, TrainingState.Failed);
        Assert.Contains("ranks by 'f1', which the trainer did not report; it reported score", run.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_search_cancels_its_trials_and_one_out_of_time_takes_what_it_has()
    {
        await using var fleet = await StartAsync();
        var request = await PrepareAsync(fleet, "");
        Write(fleet, $"[ $CVOPS_RUN = run-1-1 ] || [ $CVOPS_RUN = run-2-1 ] || exec sleep 600\n{Score}\n{Deliver(fleet, Right)}");
        var search = request with { Search = new TrainingSearch(TrainingSearchKind.Random, "score", X, 3) };
        await PostAsync(fleet, search);
        await UntilAsync(fleet, TrainingState.Running, "run-1-2");
        await fleet.Http.PostAsJsonAsync("training/run-1/cancel", new TrainingCancellation("operator", "no"), ContractsJson.Default.TrainingCancellation, Ct);
        await UntilAsync(fleet, TrainingState.Cancelled, "run-1-2");
        await UntilAsync(fleet, TrainingState.Cancelled, "run-1-3");

        var run = await TrainAsync(fleet, search with { Budget = new TrainingBudget(TimeSpan.FromSeconds(6)) }, TrainingState.Inconclusive, "run-2");
        Assert.Equal([TrainingState.Trained, TrainingState.Cancelled, TrainingState.Cancelled], (await fleet.Http.GetFromJsonAsync("training?search=run-2", ContractsJson.Default.TrainingRunViewArray, Ct))!.Reverse().Select(trial => trial.State));
        Assert.NotNull(run.Model);
    }

    [Fact, Trait("tier", "unit")]
    public void The_same_seed_draws_the_same_trials_inside_their_ranges()
    {
        var space = new Dictionary<string, SearchDimension>
        {
            ["l2"] = new() { Low = 1e-6, High = 1, Log = true }, ["hidden"] = new() { Low = 4, High = 64, Whole = true }, ["kind"] = new() { Values = [JsonSerializer.SerializeToElement("a"), JsonSerializer.SerializeToElement("b")] },
        };
        var search = new TrainingSearch(TrainingSearchKind.Random, "score", space, 200);
        IReadOnlyList<PlannedTrial> Draw(int seed) => SearchRule.Next(search, new Dictionary<string, JsonElement>(), seed, [], 1000).Start;
        var drawn = Draw(3);
        Assert.Equal(drawn.Select(Text), Draw(3).Select(Text));
        Assert.NotEqual(drawn.Select(Text), Draw(4).Select(Text));
        var l2 = drawn.Select(trial => trial.Parameters["l2"].GetDouble()).ToArray();
        Assert.All(l2, value => Assert.InRange(value, 1e-6, 1));
        // Half of them below the middle of the logarithms.
        Assert.InRange(l2.Count(value => value < 1e-3), 70, 130);
        Assert.All(drawn, trial => Assert.Equal(Math.Round(trial.Parameters["hidden"].GetDouble()), trial.Parameters["hidden"].GetDouble()));
        Assert.Equal(["a", "b"], drawn.Select(trial => trial.Parameters["kind"].GetString()).Distinct().Order());
        Assert.Equal(7, SearchRule.Next(search, new Dictionary<string, JsonElement>(), 3, [], 7).Start.Count);
    }

    [Fact, Trait("tier", "unit")]
    public void Rounds_of_halving_end_with_the_whole_resource()
    {
        var search = new TrainingSearch(TrainingSearchKind.Halving, "score", X, 27) { Resource = "epochs", Least = 1, Most = 30, Factor = 3 };
        Assert.Equal([(27, 1.0), (9, 3.0), (3, 9.0), (1, 27.0), (1, 30.0)], SearchRule.Rounds(search));
    }

    private static string Text(PlannedTrial trial) => string.Join(' ', trial.Parameters.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}={pair.Value.GetRawText()}"));
}
