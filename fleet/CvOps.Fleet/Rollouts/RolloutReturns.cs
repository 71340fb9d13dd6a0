namespace CvOps.Fleet.Rollouts;

/// <summary>What a rollback may take, and how it ended, in words.</summary>
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

    /// <summary>Once ended, a rollout no longer holds its devices: another may compare with the model that this one would take away.</summary>
    /// <returns>Why it may take nothing back; null when it may.</returns>
    public static string? HeldByAnother(RolloutRecord record, string id, IEnumerable<IndexedRollout> rollouts)
    {
        if (RolloutMachine.IsRunning(record.State)) return null;
        foreach (var other in rollouts.Where(r => r.Running && r.Id != id))
            if (record.Touched.FirstOrDefault(d => other.Previous.ContainsKey(d.Device.Value)) is { } device)
                return $"{device.Device} is in rollout '{other.Name}' ({other.Id}), which is still running; roll that back, let it end, or abort it.";
        return null;
    }
}
