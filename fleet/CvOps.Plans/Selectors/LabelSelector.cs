using System.Diagnostics.CodeAnalysis;

namespace CvOps.Plans.Selectors;

/// <summary>
/// Which devices are meant, in the grammar of Kubernetes' label selectors: <c>site=ulm,line in (3,4),!retired,hardware!=orin</c>. The labels <c>site</c>,
/// <c>device</c> and <c>group</c> are the fleet's own. Beyond that grammar a value may stand in double quotes, since a label's value may have blanks; short of it,
/// no value is empty, since no label's is.
/// </summary>
public sealed class LabelSelector
{
    private LabelSelector(IReadOnlyList<SelectorTerm> terms) => Terms = terms;

    /// <summary>Selects every device: what is meant where nothing was asked for, never what an empty text means.</summary>
    public static LabelSelector Everything { get; } = new([]);

    public IReadOnlyList<SelectorTerm> Terms { get; }

    /// <exception cref="FormatException">The text is no selector; the message points to the character.</exception>
    public static LabelSelector Parse(string text) => TryParse(text, out var selector, out var mistake) ? selector : throw new FormatException(mistake.ToString());

    /// <param name="mistake">The first one, with its place.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out LabelSelector? selector, [NotNullWhen(false)] out SelectorMistake? mistake)
    {
        var terms = SelectorReader.Read(text ?? "", out mistake);
        selector = terms is null ? null : new LabelSelector(terms);
        return mistake is null;
    }

    /// <summary>Labels that all have to have these values; none selects every device.</summary>
    public static LabelSelector Of(IReadOnlyDictionary<string, string> labels) =>
        new([.. labels.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new SelectorTerm(pair.Key, SelectorOperator.In, [pair.Value], 0))]);

    public LabelSelector And(LabelSelector other) => new([.. Terms, .. other.Terms]);

    public bool Matches(in DeviceLabels device)
    {
        foreach (var term in Terms)
            if (!term.Matches(device)) return false;
        return true;
    }

    /// <summary>As it would be written; parsing that gives the same selector. "every device" where there is no term.</summary>
    public override string ToString() => Terms.Count == 0 ? "every device" : string.Join(',', Terms);
}

/// <param name="At">The character that is not as it should be, from 1; one past the end where something is missing.</param>
/// <param name="Problem">What was expected and what was found.</param>
public sealed record SelectorMistake(string Text, int At, string Problem)
{
    public override string ToString() => Text.Length == 0 ? Problem : $"{Problem} (character {At} of '{Text}')";

    /// <summary>Two lines, the second with a mark under the character.</summary>
    public string Pointed() => $"{Text}\n{new string(' ', At - 1)}^ {Problem}";
}
