using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Serialization.Invocation;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>A grain class taken apart once: its name and how to make an instance.</summary>
internal sealed class GrainClass
{
    private readonly ObjectFactory _factory;
    private readonly (Type State, PersistentStateAttribute Where)[] _states;

    public GrainClass(Type type, GrainCollectionOptions collection)
    {
        Type = type;
        Name = NameOf(type);
        Reentrant = type.IsDefined(typeof(ReentrantAttribute));
        MayInterleave = type.GetCustomAttribute<MayInterleaveAttribute>() is { } may ? Predicate(type, may.CallbackMethodName) : null;
        CollectionAge = type.IsDefined(typeof(KeepAliveAttribute)) ? TimeSpan.MaxValue
            : collection.ClassSpecificCollectionAge.TryGetValue(type.FullName!, out var own) ? own
            : type.GetCustomAttribute<CollectionAgeLimitAttribute>() is { } limit ? limit.AlwaysActive ? TimeSpan.MaxValue : limit.AgeLimit
            : collection.CollectionAge;

        var parameters = type.GetConstructors().SelectMany(constructor => constructor.GetParameters())
            .Where(parameter => parameter.IsDefined(typeof(PersistentStateAttribute))).ToArray();
        _states = Array.ConvertAll(parameters, parameter =>
            (parameter.ParameterType.GetGenericArguments()[0], parameter.GetCustomAttribute<PersistentStateAttribute>()!));
        _factory = ActivatorUtilities.CreateFactory(type,
            [.. parameters.Select(parameter => parameter.ParameterType)]);
    }

    public Type Type { get; }

    public string Name { get; }

    public bool Reentrant { get; }

    /// <summary>Whether a request may start between the awaits of others; null: none may.</summary>
    public Func<IInvokable, bool>? MayInterleave { get; }

    public TimeSpan CollectionAge { get; }

    public static string NameOf(Type type)
    {
        if (type.GetCustomAttribute<GrainTypeAttribute>() is { } named) return named.Name;
        var name = type.Name.ToLowerInvariant();
        return name.EndsWith("grain", StringComparison.Ordinal) && name.Length > 5 ? name[..^5] : name;
    }

    /// <exception cref="InvalidOperationException">The class has no such method.</exception>
    private static Func<IInvokable, bool> Predicate(Type type, string name) =>
        type.GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.FlattenHierarchy, [typeof(IInvokable)]) is { } method && method.ReturnType == typeof(bool)
            ? method.CreateDelegate<Func<IInvokable, bool>>()
            : throw new InvalidOperationException($"Class {type} doesn't declare public static method with name {name} specified in MayInterleave attribute: it must be bool {name}(IInvokable).");

    /// <summary>Makes an instance with its states already read.</summary>
    public async Task<object> Create(GrainId id, IServiceProvider services, CancellationToken cancel)
    {
        var states = Array.ConvertAll(_states, state => (Core.IStorage)Activator.CreateInstance(
            typeof(PersistentState<>).MakeGenericType(state.State), id, state.Where.StateName, StateStores.Find(services, state.Where.StorageName))!);
        var instance = _factory(services, states);
        foreach (var state in states) await state.ReadStateAsync(cancel);
        return instance;
    }
}

/// <summary>The grain classes of all loaded assemblies, looked up by interface or by name.</summary>
internal sealed class GrainClasses(GrainCollectionOptions collection)
{
    private readonly ConcurrentDictionary<(Type, string?), GrainClass> _byInterface = new();
    private readonly ConcurrentDictionary<string, GrainClass> _byName = new();

    /// <exception cref="ArgumentException">No class implements it, or several do.</exception>
    public GrainClass Implementing(Type @interface, string? classNamePrefix) => _byInterface.GetOrAdd((@interface, classNamePrefix), key =>
    {
        var found = AllClasses().Where(type => type.IsAssignableTo(key.Item1)
            && (key.Item2 is null || type.FullName!.StartsWith(key.Item2, StringComparison.Ordinal))).ToList();
        return found.Count == 1 ? Named(GrainClass.NameOf(found[0])) : throw new ArgumentException(found.Count == 0
            ? $"Could not find an implementation for interface {key.Item1}"
            : $"Unable to identify a single appropriate grain type for interface {key.Item1}. Candidates: {string.Join(", ", found)}");
    });

    /// <exception cref="ArgumentException">No class has this grain type.</exception>
    public GrainClass Named(string name) => _byName.GetOrAdd(name, key =>
    {
        var found = AllClasses().Where(type => GrainClass.NameOf(type) == key).ToList();
        return found.Count == 1 ? new GrainClass(found[0], collection) : throw new ArgumentException(found.Count == 0
            ? $"Could not find an implementation for grain type \"{key}\"."
            : $"Several grain classes are called \"{key}\": {string.Join(", ", found)}. Give one a [GrainType].");
    });

    private static IEnumerable<Type> AllClasses()
    {
        var here = typeof(Grain).Assembly.GetName().Name;
        return AppDomain.CurrentDomain.GetAssemblies()
            .Where(assembly => !assembly.IsDynamic && assembly.GetReferencedAssemblies().Any(reference => reference.Name == here))
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsClass: true, IsAbstract: false, IsGenericTypeDefinition: false } && type.IsAssignableTo(typeof(IGrainBase)));
    }
}
