namespace CvOps.Contracts.Api;

/// <summary>Settings that the fleet keeps, to be rolled out to devices over their own files.</summary>
/// <param name="Digest">SHA-256 of the text.</param>
/// <param name="Name">From the file it came from; what people call it.</param>
/// <param name="Settings">YAML in the words of agent.yaml; left out in lists.</param>
public sealed record ConfigurationView(string Digest, string Name, DateTimeOffset At, string By, string? Settings);
