using System.Globalization;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Quality.Labels;
using CvOps.Fleet.Datasets.Quality.Slices;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Training.Gate;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>On what kinds of frames models are right less often: those that ran on the devices, or where hardly any did a head that learned from the other frames. Pure.</summary>
internal static class SliceCheck
{
    /// <summary>With fewer answers of devices' models the head's are taken.</summary>
    public const int LeastPredictions = 100;

    private const string Light = "light";
    private const string Model = "model";

    /// <param name="judged">Frames that were given to the judge, in their order.</param>
    /// <returns>Null without frames that anybody answered.</returns>
    public static SliceReport? Find(IReadOnlyList<CheckedFrame> frames, IReadOnlyList<CheckedFrame> judged, LabelJudgement judgement, FindingList findings)
    {
        (CheckedFrame Frame, bool Right)[] answers = [.. frames.Where(frame => frame is { Label: not null, Prediction: not null }).Select(frame => (frame, AnswerRule.Of(frame.Label!, frame.Prediction!).Right))];
        var own = answers.Length >= LeastPredictions;
        if (!own) answers = [.. judgement.Rows.Select((row, place) => (judged[row], judgement.TopOf(place) == judgement.Labels[place]))];
        var bands = Bands([.. answers.Select(answer => answer.Frame)]);
        JudgedFrame[] rows = [.. answers.Select(answer => new JudgedFrame(answer.Frame.Label!.Class ?? answer.Frame.Says!, answer.Right, SlicesOf(answer.Frame, bands, own)))];
        var report = SliceRule.Report(own ? "the models that ran on the devices" : "a head that learned from the other frames", rows);
        foreach (var kind in report?.Kinds.Where(kind => kind.Hurts) ?? [])
        {
            var worst = kind.Slices.Where(slice => slice.Worse).DefaultIfEmpty(kind.Slices[0]).ToArray();
            var places = Enumerable.Range(0, rows.Length).Where(i => !rows[i].Right && rows[i].Slices.TryGetValue(kind.Kind, out var value) && worst.Any(slice => slice.Value == value));
            findings.Add(QualityKind.Slice, FindingLevel.Warning, kind.Kind, string.Create(CultureInfo.InvariantCulture,
                $"Accuracy depends on {kind.Kind} (p = {kind.P:0.0000}): {string.Join(", ", worst.Take(5).Select(slice => string.Create(CultureInfo.InvariantCulture, $"{slice.Value} {slice.Accuracy:P0} [{slice.Low:P0}, {slice.High:P0}] of {slice.Frames} frames")))}; its classes would give {worst[0].Expected:P0}."),
                $"Label more frames of {kind.Kind} {worst[0].Value}, and look at these that the model got wrong.", [.. places.Select(i => answers[i].Frame.Id)], -Math.Log10(Math.Max(kind.P, 1e-12)));
        }
        return report;
    }

    private static Dictionary<string, string> SlicesOf(CheckedFrame frame, Dictionary<string, string> bands, bool own)
    {
        var slices = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (kind, value) in frame.Labels ?? new Dictionary<string, string>()) slices[kind] = value;
        if (frame.Camera is { } camera) slices["camera"] = camera;
        if (bands.TryGetValue(frame.Id, out var band)) slices[Light] = band;
        if (own && frame.Model is { } model) slices[Model] = $"{model.Name} {model.Version}";
        return slices;
    }

    private static Dictionary<string, string> Bands(CheckedFrame[] frames)
    {
        CheckedFrame[] measured = [.. frames.Where(frame => frame.Trait?.Brightness is not null)];
        var bands = LightBands.Of([.. measured.Select(frame => frame.Trait!.Brightness!.Value)]);
        return bands.Length == 0 ? [] : measured.Zip(bands).ToDictionary(pair => pair.First.Id, pair => pair.Second, StringComparer.Ordinal);
    }
}
