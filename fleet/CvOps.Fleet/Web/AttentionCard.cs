using CvOps.Contracts.Api;

namespace CvOps.Fleet.Web;

/// <summary>What a person sees of something that needs them: what is wrong, what to do, and where that is done. Pure.</summary>
/// <param name="Do">Null where the message says no more than what is wrong.</param>
/// <param name="Button">Leads to <paramref name="Link"/>.</param>
public sealed record AttentionCard(bool Urgent, string What, string? Do, string Icon, string Button, string Link, DateTimeOffset Since)
{
    private const string Says = ": ";

    public static AttentionCard Of(Attention item)
    {
        // Messages are "what is wrong: what to do or why"; the first half is what one reads from across the room.
        var cut = item.Message.IndexOf(Says, StringComparison.Ordinal);
        var (what, then) = cut > 0 ? (item.Message[..cut], item.Message[(cut + Says.Length)..]) : (item.Message, null);
        var (icon, button) = item.Link.Split('/', StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["devices", ..] => (Icon: "cpu", "Open device"),
            ["rollouts", _, ..] => (Icon: "rocket", "Decide"),
            ["rollouts"] => (Icon: "octagon-x", "See what is stopped"),
            ["drift", ..] => (Icon: "activity", "See what moved"),
            ["models", ..] => (Icon: "box", "Open model"),
            _ => (Icon: "circle-alert", "Open"),
        };
        return new AttentionCard(item.Severity == "error", what.TrimEnd('.'), then is { Length: > 0 } ? char.ToUpperInvariant(then[0]) + then[1..] : null, icon, button, item.Link.TrimStart('/'), item.Since);
    }
}
