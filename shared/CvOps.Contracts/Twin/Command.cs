using CvOps.Contracts.Schemas;

namespace CvOps.Contracts.Twin;

/// <summary>A command to one device. Topic <c>command/{name}</c>, QoS 1, never retained.</summary>
/// <param name="Id">An identifier; the answer goes to <c>response/{id}</c>.</param>
/// <param name="ExpiresAt">A device refuses it afterwards.</param>
public sealed record Command(
    [Wire(Pattern = WireAttribute.Name)] string Id, [Wire(Pattern = WireAttribute.Name)] string Name, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, string IssuedBy, IReadOnlyDictionary<string, string>? Arguments)
{
    /// <summary>The fleet's; a device that reaches its broker over TLS does no command without it.</summary>
    public CommandSignature? Signature { get; init; }
}

/// <summary>Who signed a command, and how.</summary>
/// <param name="Certificate">Of the fleet (DER).</param>
/// <param name="Value">ECDSA with SHA-256 over the device and all other fields, as CvOps.Contracts.Identity.CommandProof lays them out.</param>
public sealed record CommandSignature(byte[] Certificate, byte[] Value);

/// <summary>A device's answer to a command. Topic <c>response/{id}</c>, QoS 1.</summary>
/// <param name="Message">What was done, or why not.</param>
public sealed record CommandResponse([Wire(Pattern = WireAttribute.Name)] string Id, DeviceId Device, bool Succeeded, string Message)
{
    /// <summary>Of the agent's log, oldest first; null where the command does not ask for it.</summary>
    public IReadOnlyList<LogLine>? Log { get; init; }
}

/// <summary>How bad it is, what a line of an agent's log tells of. Stored and sent by name.</summary>
public enum LogSeverity { Information, Warning, Error, Critical }

/// <summary>A line of an agent's log.</summary>
/// <param name="At">On the device's clock.</param>
/// <param name="Source">The part of the agent that says it.</param>
public sealed record LogLine(DateTimeOffset At, LogSeverity Severity, string Source, string Message);
