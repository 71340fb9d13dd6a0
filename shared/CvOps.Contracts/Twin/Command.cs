namespace CvOps.Contracts.Twin;

/// <summary>A command to one device. Topic <c>command/{name}</c>, QoS 1, never retained.</summary>
/// <param name="Id">An identifier; the answer goes to <c>response/{id}</c>.</param>
/// <param name="ExpiresAt">A device refuses it afterwards.</param>
public sealed record Command(string Id, string Name, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, string IssuedBy, IReadOnlyDictionary<string, string>? Arguments);

/// <param name="Message">What was done, or why not.</param>
public sealed record CommandResponse(string Id, DeviceId Device, bool Succeeded, string Message);
