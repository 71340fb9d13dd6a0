using System.Text.Json;
using CvOps.Contracts;

namespace CvOps.Fleet.Devices.Twins;

/// <summary>What selectors look at: the site and the labels.</summary>
internal sealed record Traits(SiteId Site, IReadOnlyDictionary<string, string> Labels);

/// <summary>
/// The different sets of site and labels, each once and counted: a million devices have a few thousand, and a selector is asked once for each set, not
/// for each device. For several threads.
/// </summary>
internal sealed class TraitsTable
{
    private readonly Lock _guard = new();
    private readonly Dictionary<(string Site, string Labels), int> _numbers = [];
    private readonly List<((string Site, string Labels) Key, Traits Traits, int References)?> _sets = [];
    private readonly Stack<int> _free = [];

    /// <param name="labels">JSON of an object of texts.</param>
    /// <returns>Its number; <see cref="Release"/> gives it back.</returns>
    public int Take(SiteId site, string labels)
    {
        lock (_guard)
        {
            var key = (site.Value, labels);
            if (_numbers.TryGetValue(key, out var number))
            {
                _sets[number] = _sets[number]!.Value with { References = _sets[number]!.Value.References + 1 };
                return number;
            }
            var set = (key, new Traits(site, JsonSerializer.Deserialize(labels, ContractsJson.Default.IReadOnlyDictionaryStringString)!), 1);
            if (_free.TryPop(out number)) _sets[number] = set;
            else
            {
                number = _sets.Count;
                _sets.Add(set);
            }
            _numbers.Add(key, number);
            return number;
        }
    }

    public void Release(int number)
    {
        lock (_guard)
        {
            var set = _sets[number]!.Value;
            if (set.References > 1)
            {
                _sets[number] = set with { References = set.References - 1 };
                return;
            }
            _numbers.Remove(set.Key);
            _sets[number] = null;
            _free.Push(number);
        }
    }

    public Traits this[int number]
    {
        get { lock (_guard) return _sets[number]!.Value.Traits; }
    }

    /// <summary>The JSON that the set was made of.</summary>
    public string LabelsOf(int number)
    {
        lock (_guard) return _sets[number]!.Value.Key.Labels;
    }

    /// <returns>For each number whether the set is chosen; a set that comes later is not in it.</returns>
    public bool[] Choose(Func<Traits, bool> chosen)
    {
        Traits?[] sets;
        lock (_guard) sets = [.. _sets.Select(set => set?.Traits)];
        return [.. sets.Select(set => set is not null && chosen(set))];
    }
}
