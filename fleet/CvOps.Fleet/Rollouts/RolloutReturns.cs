namespace CvOps.Fleet.Rollouts;

/// <summary>How a rollback ended, in words.</summary>
internal static class RolloutReturns
{
    public static string Sentence(RolloutRecord record)
    {
        var touched = record.Touched.ToArray();
        var kept = touched.Where(d => d.Reason is not null).ToArray();
        var untouched = record.Devices.Count - touched.Length;
        return $"{touched.Length - kept.Length} of {touched.Length} devices run their previous model again, {untouched} were never touched"
            + (kept.Length == 0 ? "" : $"; {kept[0].Device}: {kept[0].Reason}");
    }

}
