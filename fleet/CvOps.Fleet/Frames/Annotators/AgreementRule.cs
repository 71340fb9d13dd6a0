using CvOps.Contracts.Api;
using CvOps.Statistics;

namespace CvOps.Fleet.Frames.Annotators;

/// <summary>
/// How far annotators agree, by the first word of each on each frame: what somebody says after a talk is no judgement of their own. A label is one value: the class, what was drawn
/// counted by class, else the verdict. Pure.
/// </summary>
internal static class AgreementRule
{
    private const string Skipped = "can't be judged";
    private const int FewFrames = 30;

    /// <param name="opinions">Oldest first.</param>
    public static LabelAgreement Of(IEnumerable<(string Frame, string By, FrameView Said)> opinions)
    {
        var frames = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        foreach (var (frame, by, said) in opinions)
        {
            if (!frames.TryGetValue(frame, out var words)) frames.Add(frame, words = new(StringComparer.Ordinal));
            words.TryAdd(by, said.Label is { } label ? AnswerRule.TruthOf(label) : Skipped);
        }
        var judged = frames.Values.Where(words => words.Count > 1).ToArray();
        var names = judged.SelectMany(words => words.Keys).Distinct().Order(StringComparer.Ordinal).ToArray();
        var pairs = new List<AnnotatorPair>();
        for (var a = 0; a < names.Length; a++)
            for (var b = a + 1; b < names.Length; b++)
                if (Pair(judged, names[a], names[b]) is { } pair) pairs.Add(pair);
        var note = judged.Length == 0 ? "No frame was judged by two people yet: 'cvops labels policy --annotators 2' asks two of each."
            : judged.Length < FewFrames ? $"{judged.Length} frames judged by several people say little; {FewFrames} are the least." : null;
        return new LabelAgreement(judged.Length, names.Length, judged.Count(words => words.Values.Distinct().Count() == 1), AnnotatorAgreement.Alpha(judged.Select(words => (IReadOnlyList<string>)[.. words.Values])),
            [.. pairs.OrderByDescending(pair => pair.Frames)], note);
    }

    private static AnnotatorPair? Pair(IEnumerable<Dictionary<string, string>> judged, string a, string b)
    {
        var both = new List<(string A, string B)>();
        foreach (var words in judged)
            if (words.TryGetValue(a, out var mine) && words.TryGetValue(b, out var other)) both.Add((mine, other));
        return both.Count == 0 ? null : new AnnotatorPair(a, b, both.Count, both.Count(pair => pair.A == pair.B), AnnotatorAgreement.Kappa(both));
    }
}
