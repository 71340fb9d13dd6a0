using System.Security.Cryptography;
using System.Text;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>Collects what checks find. A finding's id follows from its kind and from what it is about, so the next check finds the same one.</summary>
internal sealed class FindingList
{
    /// <summary>Frames that a finding shows.</summary>
    public const int Shown = 24;

    private readonly List<QualityFinding> _all = [];
    private readonly HashSet<string> _ids = [];

    public IReadOnlyList<QualityFinding> All => _all;

    /// <param name="about">What makes it this finding and no other: frames, a class, a part.</param>
    public void Add(QualityKind kind, FindingLevel level, string about, string what, string @do, IEnumerable<string> frames, double weight = 0, string? suggested = null)
    {
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{kind}\n{about}")))[..24];
        if (!_ids.Add(id)) return;
        var all = frames as IReadOnlyCollection<string> ?? [.. frames];
        _all.Add(new QualityFinding(id, kind, level, what, @do, [.. all.Take(Shown)], all.Count) { Weight = weight, Suggested = suggested });
    }
}
