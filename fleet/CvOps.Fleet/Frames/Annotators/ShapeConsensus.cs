namespace CvOps.Fleet.Frames.Annotators;

/// <summary>
/// Which shapes several people drew in common: of each pair of people the shapes that overlap most belong together, each to at most one of the other's, when they overlap enough
/// and have one class. What more than half drew stays, what fewer drew goes, and of what just half drew nobody can say. Pure.
/// </summary>
internal static class ShapeConsensus
{
    /// <param name="drawn">The shapes of each person.</param>
    /// <param name="overlap">0..1; 0 for shapes of different classes.</param>
    /// <param name="merge">One shape for those of several people.</param>
    /// <returns>What stays, and of how many nobody can say.</returns>
    public static (List<T> Agreed, int Open) Of<T>(IReadOnlyList<IReadOnlyList<T>> drawn, double least, Func<T, T, double> overlap, Func<IReadOnlyList<T>, T> merge)
    {
        var groups = new List<List<T>>();
        foreach (var mine in drawn)
        {
            var there = groups.Count;
            var pairs = new List<(double Overlap, int Shape, int Group)>();
            for (var shape = 0; shape < mine.Count; shape++)
                for (var group = 0; group < there; group++)
                    if (groups[group].Max(other => overlap(other, mine[shape])) is var found && found >= least) pairs.Add((found, shape, group));
            var (placed, taken) = (new HashSet<int>(), new HashSet<int>());
            foreach (var (_, shape, group) in pairs.OrderByDescending(pair => pair.Overlap))
            {
                if (placed.Contains(shape) || !taken.Add(group)) continue;
                placed.Add(shape);
                groups[group].Add(mine[shape]);
            }
            for (var shape = 0; shape < mine.Count; shape++)
                if (!placed.Contains(shape)) groups.Add([mine[shape]]);
        }
        return ([.. groups.Where(group => 2 * group.Count > drawn.Count).Select(merge)], groups.Count(group => 2 * group.Count == drawn.Count));
    }
}
