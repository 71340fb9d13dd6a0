using CvOps.Fleet.Rollouts.Planning;
using CvOps.Plans.Selectors;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>
/// Which twins a selector means, made ready for going over many: what it asks of site and labels is answered once for each set of them, what it asks of
/// single devices and groups for the devices that are left.
/// </summary>
internal sealed class TwinSelection
{
    private readonly bool[] _sets;
    private readonly SelectorTerm[] _ofDevices;
    private readonly GroupMembership _groups;

    public TwinSelection(LabelSelector selector, TraitsTable traits, GroupMembership groups)
    {
        (Selector, _groups) = (selector, groups);
        _ofDevices = [.. selector.Terms.Where(AsksDevice)];
        SelectorTerm[] ofSets = [.. selector.Terms.Where(term => !AsksDevice(term))];
        _sets = traits.Choose(set => Matches(ofSets, new DeviceLabels("", set.Site.Value, set.Labels, [])));
    }

    public LabelSelector Selector { get; }

    public bool AsksDevices => _ofDevices.Length > 0;

    /// <param name="traits">Number of a set; one that is newer than the selection is not chosen.</param>
    public bool Has(int traits) => traits < _sets.Length && _sets[traits];

    public bool Has(string device, Traits traits)
    {
        var labels = new DeviceLabels(device, traits.Site.Value, traits.Labels, []);
        return Matches(_ofDevices, labels with { Groups = _groups.Of(labels) });
    }

    private static bool Matches(SelectorTerm[] terms, in DeviceLabels device)
    {
        foreach (var term in terms)
            if (!term.Matches(device)) return false;
        return true;
    }

    private static bool AsksDevice(SelectorTerm term) => term.Label is DeviceLabels.DeviceName or DeviceLabels.GroupName;
}
