namespace CvOps.Plans.Selectors;

/// <summary>
/// The labels and values that devices of a fleet have. A selector may ask for no others: a typo in <c>!retired</c> or <c>line!=3</c> would select
/// what was to be left out.
/// </summary>
public sealed class KnownLabels
{
    private const int ShownLabels = 12;

    private readonly Dictionary<string, HashSet<string>> _values = new(StringComparer.Ordinal);

    /// <param name="groups">Names of all groups, also of those without a device.</param>
    public KnownLabels(IEnumerable<DeviceLabels> fleet, IEnumerable<string> groups)
    {
        var (devices, sites) = (Values(DeviceLabels.DeviceName), Values(DeviceLabels.SiteName));
        foreach (var device in fleet)
        {
            devices.Add(device.Device);
            sites.Add(device.Site);
            foreach (var (label, value) in device.Labels) Values(label).Add(value);
        }
        Values(DeviceLabels.GroupName).UnionWith(groups);
    }

    public IEnumerable<string> Labels => _values.Keys.Order(StringComparer.Ordinal);

    /// <summary>What the selector asks for that no device has, a sentence each; empty when there is nothing.</summary>
    public IEnumerable<string> Unknown(LabelSelector selector)
    {
        foreach (var term in selector.Terms)
        {
            if (!_values.TryGetValue(term.Label, out var known) || known.Count == 0 && term.Values.Count == 0)
            {
                var advice = Nearest.Of(term.Label, Labels) is { } nearest ? $"; did you mean '{nearest}'?"
                    : term.Operator is SelectorOperator.Absent or SelectorOperator.NotIn ? $", so '{term}' leaves nobody out: drop it."
                    : $"; there are {string.Join(", ", Labels.Take(ShownLabels))}.";
                yield return $"No device has a label '{term.Label}'{advice}";
                continue;
            }
            foreach (var value in term.Values.Where(value => !known.Contains(value)))
                yield return $"{Nobody(term.Label, value)}{Nearest.Hint(value, known)}";
        }
    }

    private static string Nobody(string label, string value) => label switch
    {
        DeviceLabels.GroupName => $"No group is called '{value}'",
        DeviceLabels.DeviceName => $"No device is called '{value}'",
        _ => $"No device has {label}={value}",
    };

    private HashSet<string> Values(string label)
    {
        if (!_values.TryGetValue(label, out var values)) _values[label] = values = new HashSet<string>(StringComparer.Ordinal);
        return values;
    }
}
