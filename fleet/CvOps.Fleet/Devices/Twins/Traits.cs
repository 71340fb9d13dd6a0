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
    private readonly Stack<int> _free = [];
    private Traits?[] _sets = new Traits?[64];
    private string[] _labels = new string[64];
    private int[] _references = new int[64];
    private int _used;

    /// <param name="labels">JSON of an object of texts.</param>
    /// <returns>Its number; <see cref="Release"/> gives it back.</returns>
    public int Take(SiteId site, string labels)
    {
        lock (_guard)
        {
            if (_numbers.TryGetValue((site.Value, labels), out var number))
            {
                _references[number]++;
                return number;
            }
            var set = new Traits(site, JsonSerializer.Deserialize(labels, ContractsJson.Default.IReadOnlyDictionaryStringString)!);
            if (!_free.TryPop(out number)) number = _used++;
            if (number == _sets.Length)
            {
                Array.Resize(ref _sets, number * 2);
                Array.Resize(ref _labels, number * 2);
                Array.Resize(ref _references, number * 2);
            }
            (_sets[number], _labels[number], _references[number]) = (set, labels, 1);
            _numbers.Add((site.Value, labels), number);
            return number;
        }
    }

    public void Release(int number)
    {
        lock (_guard)
        {
            if (--_references[number] > 0) return;
            _numbers.Remove((_sets[number]!.Site.Value, _labels[number]));
            _sets[number] = null;
            _free.Push(number);
        }
    }

    public Traits this[int number]
    {
        get { lock (_guard) return _sets[number]!; }
    }

    /// <summary>The JSON that the set was made of.</summary>
    public string LabelsOf(int number)
    {
        lock (_guard) return _labels[number];
    }

    /// <returns>For each number whether the set is chosen; a set that comes later is not in it.</returns>
    public bool[] Choose(Func<Traits, bool> chosen)
    {
        Traits?[] sets;
        lock (_guard) sets = _sets[.._used];
        return Array.ConvertAll(sets, set => set is not null && chosen(set));
    }
}
