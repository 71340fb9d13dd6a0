namespace CvOps.Fleet.Web.Layout;

/// <summary>A page of the main navigation.</summary>
/// <param name="Keys">Pressed after <c>g</c> they go there; empty for none.</param>
public sealed record NavPage(string Path, string Text, string Icon, string Keys);

/// <summary>The pages in the order in which they are needed, for the side, the phone's foot, and the search.</summary>
internal static class NavMenu
{
    public static IReadOnlyList<(string Title, IReadOnlyList<NavPage> Pages)> All { get; } =
    [
        ("Watch",
        [
            new("", "Fleet", Icon: "layout-dashboard", "f"), new(Alerts, "Alerts", Icon: "bell", "a"), new("devices", "Devices", Icon: "cpu", "d"),
            new("rollouts", "Rollouts", Icon: "rocket", "r"), new("drift", "Drift", Icon: "activity", "w"),
        ]),
        ("Learn",
        [
            new("labels", "Label queue", Icon: "tags", "l"), new("frames", "Frames", Icon: "images", "i"), new("quality", "Data quality", Icon: "shield-check", "q"),
            new("datasets", "Datasets", Icon: "database", "s"), new("training", "Training", Icon: "graduation-cap", "t"), new("tracking", "Runs", Icon: "flask-conical", "n"),
            new("models", "Models", Icon: "box", "m"),
        ]),
        ("System", [new(DeadLetters, "Dead letters", Icon: "mail-x", "x"), new("audit", "Audit", Icon: "scroll-text", "u"), new("api", "API", Icon: "braces", "p"), new("settings", "Settings", Icon: "settings", "e")]),
    ];

    public const string DeadLetters = "deadletters";
    public const string Alerts = "alerts";

    /// <summary>Those under a thumb; the rest is behind "More".</summary>
    public static IReadOnlyList<NavPage> Foot { get; } = [.. All.SelectMany(section => section.Pages).Where(page => page.Path is "" or Alerts or "rollouts" or "labels")];
}
