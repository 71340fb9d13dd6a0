using System.Globalization;
using CvOps.Cli.Up;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;

namespace CvOps.Cli.Demo.Loop;

/// <summary>
/// From a doubtful frame to a better model, round by round: the champion inspects a run of steel, the device sends what it is unsure of, a person labels the 60 frames at the
/// head of the queue, the retraining policy trains and the gate judges. Beside it, the same trainer on labels drawn by lot.
/// </summary>
internal sealed class LoopStory(Stack stack, SteelData data, Story story, string picture)
{
    private const string Model = "neu-classifier";
    private const int LabelsPerRound = 60;
    private const int Runs = 3;
    private const int MostRounds = 6;
    private const int Draws = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Frames leave a device a little after their parts; the line is quiet when none came for so long.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(4);

    private readonly FleetClient _fleet = stack.Fleet;
    private readonly TestPictures _test = new(data.Pictures("test"));
    private readonly List<LoopPoint> _chosen = [];
    private readonly List<LoopPoint> _byLot = [];
    private IReadOnlyList<PartRun> _runs = [];
    private string _champion = "";
    private double _start;
    private double _goal;

    public static async Task Play(string folder, string picture, Story story, Action<string> tell, CancellationToken ct)
    {
        var data = new SteelData();
        // The golden set is laid down by the story; every label besides is trained on, as every label by lot is.
        await using var stack = await Stack.Start(new StackOptions(folder, Ports.Free(), Ports.Free(), 0, []) { FramesPerHour = 36_000, AuditProbability = 0.4, GoldenShare = 0 }, tell, ct);
        await new LoopStory(stack, data, story, picture).Tell(ct);
    }

    private async Task Tell(CancellationToken ct)
    {
        await story.Step("begin", "v1 is the champion; the loop's goal is the accuracy of v2, which saw every label there is", async figures =>
        {
            _champion = await stack.Pack(SteelData.Manifest(Model, "1"), data.Model("neu_classifier_v1"), data.TrainingPictures, ct);
            var v1 = await _fleet.PushModel(_champion, ct);
            await Promote(v1.Model.Digest, "where the loop begins", ct);
            _start = Measure(_champion);
            _goal = _test.Accuracy(await File.ReadAllBytesAsync(data.Model("neu_classifier_v2"), ct), SteelData.Manifest(Model, "2"));
            figures.Say("accuracy", Text($"v1 {_start:0.000}, v2 {_goal:0.000}, on {_test.Count} test pictures that nothing is trained or chosen by"));
        }, ct);

        await story.Step("golden-set", "A golden set is laid down, and the policy: 60 labels train a challenger", async figures =>
        {
            var golden = data.Pictures("val");
            foreach (var (file, name) in golden) await _fleet.Post<FrameImport, FrameView>("frames", new FrameImport(await File.ReadAllBytesAsync(file, ct), name, Labeller.Name, FrameUse.Golden), ct);
            var policy = new RetrainingPolicy { Model = Model, By = Labeller.Name, Labels = LabelsPerRound, Drift = false, CooldownHours = 0, Parameters = LabelsByLot.Parameters };
            figures.Say("golden frames", $"{golden.Count}");
            figures.Say("policy", (await _fleet.Put<RetrainingPolicy, RetrainingView>($"retraining/policies/{Model}", policy, ct)).Says);
            _runs = await LoopParts.Deal(data.Pictures("train"), Runs, Path.Combine(stack.Layout.Data, "line"), ct);
            figures.Say("line", $"{_runs.Sum(run => run.Classes.Count)} parts in {_runs.Count} runs, each part once");
        }, ct);

        for (var round = 1; round <= MostRounds && (_chosen.Count == 0 || _chosen[^1].Accuracy < _goal); round++)
        {
            var number = round;
            await story.Step($"round-{number}", $"Round {number}: {LabelsPerRound} labels that CvOps chose", figures => Round(number, figures, ct), ct);
            if (story.Failed > 0) break;
        }

        await story.Step("by-lot", $"The rival: labels by lot from the same parts, the same trainer, {Draws} draws", async figures =>
        {
            var lot = new LabelsByLot(Path.Combine(stack.Layout.Data, "lot"), Path.Combine(stack.Layout.Models, $"{Model}-1.cvmodel"), _test);
            var all = _runs.Sum(run => run.Classes.Count);
            for (var labels = LabelsPerRound; labels <= all && (_byLot.Count < _chosen.Count || _byLot[^1].Accuracy < _goal); labels += LabelsPerRound)
            {
                var seen = _runs.Take((labels + LabelsPerRound - 1) / LabelsPerRound).ToArray();
                var draws = await lot.Accuracies(seen, labels, Draws, ct);
                _byLot.Add(new LoopPoint(labels, draws.Average(), draws.Min(), draws.Max()));
                figures.Say($"{labels} labels", Text($"{draws.Average():0.000} ({draws.Min():0.000} to {draws.Max():0.000})"));
            }
        }, ct);

        await story.Step("curve", "Accuracy by labels, drawn", async figures =>
        {
            await File.WriteAllTextAsync(picture, LoopCurve.Draw(_start, _goal, _chosen, _byLot), ct);
            figures.Say("picture", picture);
            var reached = _chosen.FirstOrDefault(point => point.Accuracy >= _goal);
            var rival = _byLot.FirstOrDefault(point => point.Accuracy >= _goal);
            Figures.Require(reached is not null, Text($"{_goal:0.000} was not reached with {_chosen[^1].Labels} labels"));
            figures.Say("labels to v2's accuracy", $"{reached!.Labels} chosen by CvOps; by lot, on average, {(rival is null ? $"not with {_byLot[^1].Labels}" : $"{rival.Labels}")}");
            Figures.Require(rival is null || rival.Labels > reached.Labels, "labels by lot were as good");
        }, ct);
    }

    private async Task Round(int round, Figures figures, CancellationToken ct)
    {
        // While there are new parts the person labels those; afterwards what was left of all.
        var isNew = round <= _runs.Count;
        if (isNew) await Inspect(round, figures, ct);
        var labelled = 0;
        foreach (var frame in (await _fleet.Get<FramePage>($"frames?state=unlabelled{(isNew ? $"&device=run-{round}" : "")}&limit={LabelsPerRound}", ct)).Frames)
        {
            await _fleet.Put<LabelRequest, FrameView>($"frames/{frame.Id}/label", new LabelRequest(Truth(frame), Labeller.Name), ct);
            labelled++;
        }
        Figures.Require(labelled == LabelsPerRound, $"only {labelled} frames waited for a label");

        var entry = await FleetWatch.Until($"training {round} of the policy", Patience, async () => await _fleet.Get<RetrainingEntry[]>("retraining", ct),
            ledger => ledger.Length >= round && ledger.All(line => line.FinishedAt is not null), ledger => $"{ledger?.FirstOrDefault()?.State}: {ledger?.FirstOrDefault()?.Reason}", ct) is [var newest, ..] ? newest : throw new StoryFailure("the ledger is empty");
        figures.Say("gate", entry.Reason);
        Figures.Require(entry.State != RetrainingState.Failed && entry.Run is not null, entry.Reason);
        var run = await _fleet.Get<TrainingRunView>($"training/{entry.Run}", ct);
        var package = Path.Combine(stack.Layout.Models, $"{entry.Version}.cvmodel");
        await using (var file = File.Create(package)) await _fleet.Download($"models/{run.Model}/package", file, ct);
        var accuracy = Measure(package);
        _chosen.Add(new LoopPoint(round * LabelsPerRound, accuracy, accuracy, accuracy));
        figures.Say("accuracy", Text($"{accuracy:0.000} after {round * LabelsPerRound} labels; v1 {_start:0.000}, v2 {_goal:0.000}"));
        if (entry.State != RetrainingState.Passed) return;
        await Promote(run.Model!, $"passed the gate after {round * LabelsPerRound} labels", ct);
        _champion = package;
    }

    /// <summary>The champion inspects a run; returns when the device has sent what it will.</summary>
    private async Task Inspect(int round, Figures figures, CancellationToken ct)
    {
        var device = new DeviceSpec(new DeviceId($"run-{round}"), _runs[round - 1].Video) { Pace = "file", Package = _champion };
        var parts = _runs[round - 1].Classes.Count;
        stack.Add(device);
        var seen = await Figures.Until($"{parts} inspections on {device.Device}", Patience, async () =>
            await _fleet.Get<InspectionPage>($"inspections?device={device.Device}&after=0&limit=1000", ct) is { } page && page.Rows.Count >= parts ? page : null, () => "fewer", ct);
        var right = seen.Rows.Count(row => row.Class == _runs[round - 1].Classes[(int)row.Frame]);
        var (sent, since) = (-1, DateTimeOffset.UtcNow);
        while (DateTimeOffset.UtcNow - since < Quiet)
        {
            var now = (await _fleet.Get<FramePage>($"frames?device={device.Device}&limit=1000", ct)).Frames.Count;
            if (now != sent) (sent, since) = (now, DateTimeOffset.UtcNow);
            await Task.Delay(TimeSpan.FromSeconds(0.5), ct);
        }
        await stack.Remove(device);
        figures.Say("line", Text($"{right / (double)parts:0.000} of {parts} parts right by the champion; the device sent {sent} frames"));
    }

    private string Truth(FrameView frame) => _runs[int.Parse(frame.Device!.Value.Value.AsSpan("run-".Length), CultureInfo.InvariantCulture) - 1].Classes[(int)frame.Frame!.Value];

    private Task Promote(string digest, string reason, CancellationToken ct) => _fleet.PutOnly($"aliases/{Model}/champion", new AliasRequest(digest, Labeller.Name, reason), ct);

    private double Measure(string package)
    {
        var model = PackageReader.Open(package);
        return _test.Accuracy(model.Onnx, model.Manifest);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
