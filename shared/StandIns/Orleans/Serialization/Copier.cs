using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace Orleans.Serialization;

/// <summary>
/// Keeps grains apart: what crosses a call is copied, unless it cannot change. A type crosses if it is immutable, a
/// collection, chosen by <c>AddJsonSerializer</c>, or marked <c>[GenerateSerializer]</c>; any other is refused.
/// </summary>
internal sealed class Copier(IEnumerable<JsonTypes> jsonTypes, IOptions<JsonCodecOptions> json)
{
    private readonly JsonTypes[] _jsonTypes = [.. jsonTypes];
    private readonly JsonSerializerOptions _json = json.Value.SerializerOptions;
    private readonly ConcurrentDictionary<Type, Func<object, object>> _copiers = new();

    /// <exception cref="CodecNotFoundException">The value, or something in it, is of a type that may not cross.</exception>
    public object? Copy(object? value)
    {
        if (value is null or string or GrainProxy) return value;
        var type = value.GetType();
        if (!_copiers.TryGetValue(type, out var copy)) copy = _copiers.GetOrAdd(type, For(type));
        return copy(value);
    }

    /// <exception cref="CodecNotFoundException">Values of this type may not cross.</exception>
    public void Require(Type type) => _copiers.GetOrAdd(type, For);

    private Func<object, object> For(Type type)
    {
        if (ImmutableTypes.ContainsExactly(type)) return Same;
        if (_jsonTypes.Any(chosen => chosen.Contains(type)))
            return value => JsonSerializer.Deserialize(JsonSerializer.SerializeToUtf8Bytes(value, type, _json), type, _json)!;
        if (type.IsDefined(typeof(GenerateSerializerAttribute))) return Members(type);
        if (type.IsSZArray) return ImmutableTypes.Contains(type.GetElementType()!) ? value => ((Array)value).Clone() : Elements;
        if (type.IsGenericType && Generic(type.GetGenericTypeDefinition()) is { } name)
            return typeof(Copier).GetMethod(name, BindingFlags.Instance | BindingFlags.NonPublic)!
                .MakeGenericMethod(type.GetGenericArguments()).CreateDelegate<Func<object, object>>(this);
        if (type.IsAssignableTo(typeof(ITuple))) return AllFields(type);
        if (type.IsAssignableTo(typeof(Exception))) return Same;
        throw new CodecNotFoundException($"Could not find a copier for type {type}. Mark it [GenerateSerializer] with [Id] on its members, "
            + "or let AddSerializer(serializer => serializer.AddJsonSerializer(type => ...)) choose it.");
    }

    private static object Same(object value) => value;

    private static string? Generic(Type definition) =>
        definition == typeof(List<>) ? nameof(CopyList)
        : definition == typeof(HashSet<>) ? nameof(CopySet)
        : definition == typeof(Dictionary<,>) ? nameof(CopyDictionary)
        : null;

    private List<T> CopyList<T>(object value) => ((List<T>)value).ConvertAll(item => (T)Copy(item)!);

    private HashSet<T> CopySet<T>(object value)
    {
        var set = (HashSet<T>)value;
        return new HashSet<T>(set.Select(item => (T)Copy(item)!), set.Comparer);
    }

    private Dictionary<TKey, TValue> CopyDictionary<TKey, TValue>(object value) where TKey : notnull
    {
        var dictionary = (Dictionary<TKey, TValue>)value;
        return dictionary.ToDictionary(pair => (TKey)Copy(pair.Key)!, pair => (TValue)Copy(pair.Value)!, dictionary.Comparer);
    }

    private object Elements(object value)
    {
        var copy = (Array)((Array)value).Clone();
        for (var i = 0; i < copy.Length; i++) copy.SetValue(Copy(copy.GetValue(i)), i);
        return copy;
    }

    private Func<object, object> AllFields(Type type) => Fields(type, [.. ImmutableTypes.Fields(type)]);

    /// <summary>As a generated serializer would: members with an <c>[Id]</c>, and those of a record's primary constructor.</summary>
    private Func<object, object> Members(Type type)
    {
        var isRecord = type.GetMethod("<Clone>$") is not null || (type.IsValueType && type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic) is not null);
        var parameters = !isRecord ? [] : type.GetConstructors().SelectMany(constructor => constructor.GetParameters()).Select(parameter => parameter.Name!).ToHashSet();
        return Fields(type, [.. ImmutableTypes.Fields(type).Where(field => field.IsDefined(typeof(IdAttribute)) || (PropertyOf(field) is { } property
            && (property.IsDefined(typeof(IdAttribute)) || parameters.Contains(property.Name))))]);
    }

    private Func<object, object> Fields(Type type, FieldInfo[] fields) => value =>
    {
        var copy = RuntimeHelpers.GetUninitializedObject(type);
        foreach (var field in fields) field.SetValue(copy, Copy(field.GetValue(value)));
        return copy;
    };

    private static PropertyInfo? PropertyOf(FieldInfo field) => field.Name.StartsWith('<')
        ? field.DeclaringType!.GetProperty(field.Name[1..field.Name.IndexOf('>')], BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
        : null;
}
