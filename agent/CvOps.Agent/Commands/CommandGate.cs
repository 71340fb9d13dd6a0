using CvOps.Contracts;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Commands;

/// <summary>Whether a command may still be done. Pure; fails closed.</summary>
internal static class CommandGate
{
    /// <summary>Longest life of a command: what bounds the memory of those done.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromHours(1);

    /// <summary>How far a sender's clock may be ahead of ours.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(2);

    /// <param name="done">Ids of commands done and not yet expired.</param>
    /// <param name="forgottenUntil">Of commands that expire until then it is not known whether they were done.</param>
    /// <returns>Why not, in a sentence; null when it may be done.</returns>
    public static string? Refusal(Command command, DateTimeOffset now, IReadOnlyDictionary<string, DateTimeOffset> done, DateTimeOffset forgottenUntil) => command switch
    {
        _ when !Identifier.IsValid(command.Id) => "The command has no usable id.",
        _ when command.ExpiresAt <= now => $"The command expired at {command.ExpiresAt:u}; it is {now:u} here.",
        _ when command.IssuedAt > now + ClockSkew => $"The command was issued at {command.IssuedAt:u}, later than it is here ({now:u}); check the clocks.",
        _ when command.ExpiresAt - command.IssuedAt > LongestLife => $"The command would live longer than {LongestLife.TotalMinutes:0} minutes.",
        _ when command.ExpiresAt <= forgottenUntil => $"Whether this was done before is not known: what expires until {forgottenUntil:u} is forgotten, and it is {now:u} here; was the clock set back?",
        _ when done.ContainsKey(command.Id) => "The command has been done before.",
        _ => null,
    };
}
