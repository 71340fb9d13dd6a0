using System.Runtime.InteropServices;
using CvOps.Statistics;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>
/// An order of devices of which every beginning looks like the whole: first one of each stratum, largest strata first, then each stratum in proportion to its size
/// (the divisor method of Webster and Sainte-Lague); within a stratum its sites likewise. Which device of a site comes first is drawn by a hash of device and
/// payload, so that neither names nor dates of commissioning matter, other devices go first the next time, and the same plan over the same fleet gives the same order.
/// </summary>
internal sealed class StratumOrder
{
    public const string Cluster = "cluster";

    /// <summary>The cluster of a device of whose embeddings nothing is known.</summary>
    public const string Unknown = "unknown";

    private const string Missing = "-";
    private const char Separator = '\u001f';

    private StratumOrder(IReadOnlyList<string> labels, IReadOnlyList<Candidate> devices, IReadOnlyDictionary<string, int> stratumOf, IReadOnlyList<string[]> strata, int[] sizes) =>
        (Labels, Devices, StratumOf, Strata, Sizes) = (labels, devices, stratumOf, strata, sizes);

    public IReadOnlyList<string> Labels { get; }

    /// <summary>All devices, in order.</summary>
    public IReadOnlyList<Candidate> Devices { get; }

    /// <summary>By device id, its index into <see cref="Strata"/>.</summary>
    public IReadOnlyDictionary<string, int> StratumOf { get; }

    /// <summary>The values of each stratum, one for each label; most devices first.</summary>
    public IReadOnlyList<string[]> Strata { get; }

    /// <summary>Devices of each stratum.</summary>
    public IReadOnlyList<int> Sizes { get; }

    /// <param name="labels">None: all devices are one stratum.</param>
    /// <param name="payload">Digest of what is rolled out.</param>
    public static StratumOrder Of(IReadOnlyList<string> labels, IReadOnlyList<Candidate> devices, string payload)
    {
        var seed = Hashes.Of(payload);
        var byKey = new Dictionary<string, List<Candidate>>(StringComparer.Ordinal);
        foreach (var device in devices)
        {
            ref var members = ref CollectionsMarshal.GetValueRefOrAddDefault(byKey, Key(labels, device), out _);
            (members ??= []).Add(device);
        }
        var strata = byKey.OrderByDescending(stratum => stratum.Value.Count).ThenBy(stratum => stratum.Key, StringComparer.Ordinal).ToArray();
        var (stratumOf, ranked) = (new Dictionary<string, int>(devices.Count, StringComparer.Ordinal), new List<Ranked>(devices.Count));
        for (var s = 0; s < strata.Length; s++)
        {
            var turn = 0;
            foreach (var device in OverSites(strata[s].Value, seed))
            {
                stratumOf.Add(device.Id.Value, s);
                ranked.Add(Ranked.Of(turn++, strata[s].Value.Count, s, device));
            }
        }
        ranked.Sort();
        return new StratumOrder(labels, [.. ranked.Select(x => x.Device)], stratumOf,
            [.. strata.Select(stratum => labels.Count == 0 ? [] : stratum.Key.Split(Separator))], [.. strata.Select(stratum => stratum.Value.Count)]);
    }

    private static string Key(IReadOnlyList<string> labels, Candidate device) =>
        labels.Count == 0 ? "" : string.Join(Separator, labels.Select(label => ValueOf(device, label)));

    private static string ValueOf(Candidate device, string label) => label switch
    {
        Cluster => device.Cluster ?? Unknown,
        "site" => device.Site.Value,
        "device" => device.Id.Value,
        "group" => device.Groups.Count == 0 ? Missing : string.Join('+', device.Groups.Order(StringComparer.Ordinal)),
        _ => device.Labels.GetValueOrDefault(label, Missing),
    };

    private static IEnumerable<Candidate> OverSites(List<Candidate> stratum, ulong seed)
    {
        var sites = new Dictionary<string, List<(ulong Draw, Candidate Device)>>(StringComparer.Ordinal);
        foreach (var device in stratum)
        {
            ref var members = ref CollectionsMarshal.GetValueRefOrAddDefault(sites, device.Site.Value, out _);
            (members ??= []).Add((Hashes.Mix(Hashes.Of(device.Id.Value) ^ seed), device));
        }
        var ranked = new List<Ranked>(stratum.Count);
        foreach (var (_, members) in sites)
        {
            members.Sort((a, b) => a.Draw != b.Draw ? a.Draw.CompareTo(b.Draw) : string.CompareOrdinal(a.Device.Id.Value, b.Device.Id.Value));
            // The site that goes first is drawn too, or every stratum's first device would be of the largest site.
            var place = members[0].Draw;
            for (var turn = 0; turn < members.Count; turn++) ranked.Add(Ranked.Of(turn, members.Count, place, members[turn].Device));
        }
        ranked.Sort();
        return ranked.Select(x => x.Device);
    }

    /// <summary>A device's place in an order over several parts: the first of every part before all others, then by the divisor.</summary>
    private readonly record struct Ranked(double At, ulong Part, Candidate Device) : IComparable<Ranked>
    {
        public static Ranked Of(int turn, int size, int part, Candidate device) => Of(turn, size, (ulong)part, device);

        public static Ranked Of(int turn, int size, ulong part, Candidate device) => new(turn == 0 ? 0 : (turn + 0.5) / size, part, device);

        public int CompareTo(Ranked other) => At != other.At ? At.CompareTo(other.At)
            : Part != other.Part ? Part.CompareTo(other.Part) : string.CompareOrdinal(Device.Id.Value, other.Device.Id.Value);
    }
}
