namespace CvOps.Contracts.Api;

/// <summary>Something a person or the fleet decided.</summary>
public sealed record AuditEntry(long Cursor, DateTimeOffset At, string By, string Action, string Subject, string Detail);

public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, long Next);

/// <summary>Data of a server-sent event; its event field names the kind.</summary>
public sealed record FleetEvent(string Kind, string Id);
