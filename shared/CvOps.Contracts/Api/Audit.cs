namespace CvOps.Contracts.Api;

/// <summary>Something a person or the fleet decided.</summary>
/// <param name="Hash">SHA-256 over the hash of the entry before and this one; null for entries of before there were any.</param>
public sealed record AuditEntry(long Cursor, DateTimeOffset At, string By, string Action, string Subject, string Detail, string? Hash = null);

public sealed record AuditPage(IReadOnlyList<AuditEntry> Entries, long Next);

/// <summary>Data of a server-sent event; its event field names the kind.</summary>
public sealed record FleetEvent(string Kind, string Id);

/// <summary>Whether the audit log is as it was written.</summary>
/// <param name="Entries">How many stand on one another, from the first.</param>
/// <param name="Head">Hash of the last of them.</param>
/// <param name="BreaksAt">Cursor of the first entry that does not fit.</param>
public sealed record AuditVerification(bool Whole, long Entries, string? Head, long? BreaksAt, string Says);

/// <summary>What an audit pack holds.</summary>
/// <param name="Files">Name in the zip, and SHA-256 of its bytes.</param>
public sealed record AuditPackManifest(string Subject, DateTimeOffset MadeAt, string MadeBy, AuditVerification Chain, IReadOnlyDictionary<string, string> Files);

/// <summary>Which parts a device's camera inspected with a model, and from when to when.</summary>
public sealed record AuditInspections(DeviceId Device, CameraId Camera, string Model, string Version, long Inspections, DateTimeOffset First, DateTimeOffset Last);

/// <summary>One part in an audit pack.</summary>
public sealed record AuditPart(DeviceId Device, CameraId Camera, string? Part, long Frame, DateTimeOffset At, string? Class, double Confidence, bool? Rejects, string? Error);
