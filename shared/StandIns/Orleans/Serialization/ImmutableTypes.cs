using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Concurrency;

namespace Orleans.Serialization;

/// <summary>Tells which types need no copy: known ones, marked ones, and those whose fields are all read-only and immutable.</summary>
internal static class ImmutableTypes
{
    private static readonly HashSet<Type> Known =
    [
        typeof(string), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(DateOnly),
        typeof(TimeOnly), typeof(Uri), typeof(Version), typeof(CancellationToken), typeof(Half), typeof(Int128), typeof(UInt128),
    ];

    // What a type is never changes, so this is a memory of facts, not state.
    private static readonly ConcurrentDictionary<Type, bool> Answers = new();

    /// <summary>Whether every value of a member of this type is immutable.</summary>
    public static bool Contains(Type type) => (type.IsValueType || type.IsSealed) && ContainsExactly(type);

    /// <summary>Whether a value of exactly this type is immutable.</summary>
    public static bool ContainsExactly(Type type) => Answers.TryGetValue(type, out var answer) ? answer : Answers[type] = Find(type, []);

    /// <summary>The instance fields of a type, those of its bases included.</summary>
    public static IEnumerable<FieldInfo> Fields(Type type)
    {
        for (Type? part = type; part is not null && part != typeof(object); part = part.BaseType)
        {
            foreach (var field in part.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                yield return field;
        }
    }

    private static bool Find(Type type, HashSet<Type> above)
    {
        if (type.IsPrimitive || type.IsEnum || Known.Contains(type) || type.IsDefined(typeof(ImmutableAttribute), false)) return true;
        if (type.IsGenericType)
        {
            var definition = type.GetGenericTypeDefinition();
            if (definition == typeof(Immutable<>)) return true;
            if (definition == typeof(Nullable<>) || definition == typeof(ImmutableArray<>)) return Member(type.GetGenericArguments()[0], above);
        }

        // Records and read-only structs; not arbitrary classes of a library, whose fields say little about what they share.
        var isRecord = type.GetMethod("<Clone>$") is not null || type.IsDefined(typeof(IsReadOnlyAttribute), false);
        return isRecord && type.Namespace?.StartsWith("System", StringComparison.Ordinal) != true && above.Add(type)
            && Fields(type).All(field => field.IsInitOnly && Member(field.FieldType, above));
    }

    private static bool Member(Type type, HashSet<Type> above) =>
        (type.IsValueType || type.IsSealed) && (above.Contains(type) || Find(type, above));
}
