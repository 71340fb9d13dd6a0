using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Formats;

/// <summary>Collects what is wrong with an import or lost in an export. All are counted, the first are kept.</summary>
internal sealed class Findings
{
    private const int Kept = 200;

    private readonly List<FormatFinding> _list = [];
    private readonly Dictionary<string, int> _tallies = [];

    public int Errors { get; private set; }

    public int Warnings { get; private set; }

    public IReadOnlyList<FormatFinding> List => _list;

    /// <param name="where">File or entry, with its line where it has lines.</param>
    public void Error(string where, string what, string @do)
    {
        Errors++;
        Add(new FormatFinding(FindingLevel.Error, where, what, @do));
    }

    public void Warn(string where, string what, string @do)
    {
        Warnings++;
        Add(new FormatFinding(FindingLevel.Warning, where, what, @do));
    }

    /// <summary>A warning that one dataset may have a hundred thousand times: said once, with the first place.</summary>
    public void WarnOnce(string where, string what, string @do)
    {
        if (_tallies.TryAdd(what, 1)) Warn(where, what, @do);
        else _tallies[what]++;
    }

    private void Add(FormatFinding finding)
    {
        if (_list.Count < Kept) _list.Add(finding);
    }
}
