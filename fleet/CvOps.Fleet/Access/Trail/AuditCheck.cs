using CvOps.Contracts.Api;

namespace CvOps.Fleet.Access.Trail;

/// <summary>Walks the chain and says where it breaks first. Pure.</summary>
internal static class AuditCheck
{
    /// <param name="entries">All of them, in their order.</param>
    public static AuditVerification Of(IEnumerable<AuditEntry> entries)
    {
        var (before, count, hashed, last) = (AuditHash.Beginning, 0L, false, 0L);
        foreach (var entry in entries)
        {
            var hash = AuditHash.Next(before, entry.At, entry.By, entry.Action, entry.Subject, entry.Detail);
            if (entry.Hash is null && hashed) return Broken(entry, "it has no hash, and entries before it have one: it was put in from outside");
            if (entry.Hash is not null && entry.Hash != hash)
                return Broken(entry, hashed || count == 0 ? "it, or the entry before it, was changed, or one between them was taken out" : "an entry before there were hashes was changed or taken out");
            (before, hashed, last) = (hash, entry.Hash is not null, entry.Cursor);
            count++;
        }
        return new AuditVerification(true, count, count == 0 ? null : before, null, $"{count} entries stand on one another. Keep the last one's hash elsewhere: entries that are cut off at the end show by it alone.");

        AuditVerification Broken(AuditEntry entry, string why) => new(false, count, last == 0 ? null : before, entry.Cursor, $"The chain breaks at entry {entry.Cursor} of {entry.At:u} ({entry.Action} {entry.Subject}): {why}.");
    }
}
