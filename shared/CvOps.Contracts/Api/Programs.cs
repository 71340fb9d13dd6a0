namespace CvOps.Contracts.Api;

/// <summary>A program of the agent's that the fleet keeps for devices.</summary>
/// <param name="Digest">SHA-256 of the package.</param>
/// <param name="Runtime">The machines it runs on, e.g. <c>linux-x64</c>.</param>
/// <param name="SignedBy">Id of the key that is believed.</param>
/// <param name="Lost">The file is gone; bring the same package again.</param>
public sealed record ProgramView(string Version, string Runtime, string Digest, long Bytes, string SignedBy, DateTimeOffset At, string By, bool Lost = false);

/// <summary>Which program a device is to run.</summary>
/// <param name="Version">Of a program that the fleet keeps for the device's machine; null: none is wanted any more, and what runs stays.</param>
/// <param name="Again">Try once more what the device was told before and what failed there.</param>
public sealed record ProgramOrder(string? Version, bool Again = false);
