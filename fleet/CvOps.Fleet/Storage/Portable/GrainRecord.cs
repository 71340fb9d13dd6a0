using System.Reflection;

namespace CvOps.Fleet.Storage.Portable;

/// <summary>A grain's state as any engine keeps it.</summary>
/// <param name="Type">Name of the grain's type.</param>
/// <param name="Name">Of the state.</param>
/// <param name="Json">The state.</param>
internal sealed record GrainRecord(string Type, string Key, string Name, string Json)
{
    public const string Table = "grain_state";
    public static readonly string[] Columns = ["type", "key", "name", "json"];

    /// <summary>Which type of grain has a state of that name: Orleans' own tables do not say.</summary>
    public static IReadOnlyDictionary<string, string> Types { get; } = typeof(GrainRecord).Assembly.GetTypes().Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IGrainBase)))
        .SelectMany(type => type.GetConstructors().SelectMany(constructor => constructor.GetParameters())
            .Select(parameter => parameter.GetCustomAttribute<PersistentStateAttribute>()).OfType<PersistentStateAttribute>().Select(state => (state.StateName, type)))
        .ToDictionary(state => state.StateName, state => NameOf(state.type));

    private static string NameOf(Type type) => type.Name.ToLowerInvariant() is var name && name.EndsWith("grain", StringComparison.Ordinal) ? name[..^5] : name;
}

/// <summary>A grain's reminder.</summary>
/// <param name="StartAt">Its first tick, ticks of UTC.</param>
/// <param name="Period">Ticks.</param>
internal sealed record GrainReminder(string Type, string Key, string Name, long StartAt, long Period)
{
    public const string Table = "grain_reminder";
    public static readonly string[] Columns = ["type", "key", "name", "start_at", "period"];
}
