namespace CvOps.Plans.Selectors;

/// <summary>In: the label has one of the values. NotIn: it has none of them, also because the device lacks the label. Exists, Absent: whatever the value.</summary>
public enum SelectorOperator { In, NotIn, Exists, Absent }

/// <summary>One condition of a selector; all have to hold.</summary>
/// <param name="Values">Rising in ordinal order; empty for Exists and Absent.</param>
/// <param name="At">Where the label stands in the text, from 1; 0 for a term that was not written as text.</param>
public sealed record SelectorTerm(string Label, SelectorOperator Operator, IReadOnlyList<string> Values, int At)
{
    public bool Matches(in DeviceLabels device)
    {
        switch (Operator)
        {
            case SelectorOperator.Exists: return device.Has(Label);
            case SelectorOperator.Absent: return !device.Has(Label);
        }
        // Asked of every set of labels of a fleet: a device's value is looked up once, however many are asked for.
        var found = Label == DeviceLabels.GroupName ? device.Groups.Any(Values.Contains) : device.Value(Label) is { } mine && Values.Contains(mine);
        return found == (Operator == SelectorOperator.In);
    }

    /// <summary>As it would be written.</summary>
    public override string ToString() => Operator switch
    {
        SelectorOperator.Exists => Label,
        SelectorOperator.Absent => "!" + Label,
        SelectorOperator.In when Values.Count == 1 => $"{Label}={Written(Values[0])}",
        SelectorOperator.NotIn when Values.Count == 1 => $"{Label}!={Written(Values[0])}",
        SelectorOperator.In => $"{Label} in ({string.Join(',', Values.Select(Written))})",
        _ => $"{Label} notin ({string.Join(',', Values.Select(Written))})",
    };

    private static string Written(string value) => value.All(SelectorReader.IsWord) ? value : $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
