using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Orleans.Serialization;

public interface ISerializerBuilder
{
    IServiceCollection Services { get; }
}

public class JsonCodecOptions
{
    public JsonSerializerOptions SerializerOptions { get; set; } = new();
}

public static class ServiceCollectionExtensions
{
    public static IServiceCollection AddSerializer(this IServiceCollection services, Action<ISerializerBuilder>? configure = null)
    {
        services.TryAddSingleton<Copier>();
        configure?.Invoke(new SerializerBuilder(services));
        return services;
    }

    private sealed class SerializerBuilder(IServiceCollection services) : ISerializerBuilder
    {
        public IServiceCollection Services { get; } = services;
    }
}

public static class SerializationHostingExtensions
{
    /// <summary>Lets the types for which <paramref name="isSupported"/> is true cross grain calls as JSON.</summary>
    public static ISerializerBuilder AddJsonSerializer(
        this ISerializerBuilder serializerBuilder, Func<Type, bool>? isSupported, JsonSerializerOptions? jsonSerializerOptions = null)
        => serializerBuilder.AddJsonSerializer(isSupported, isSupported, options => options.Configure(codec =>
        {
            if (jsonSerializerOptions is not null) codec.SerializerOptions = jsonSerializerOptions;
        }));

    public static ISerializerBuilder AddJsonSerializer(
        this ISerializerBuilder serializerBuilder, Func<Type, bool>? isSerializable, Func<Type, bool>? isCopyable,
        Action<OptionsBuilder<JsonCodecOptions>>? configureOptions = null)
    {
        configureOptions?.Invoke(serializerBuilder.Services.AddOptions<JsonCodecOptions>());
        if (isCopyable is not null) serializerBuilder.Services.AddSingleton(new JsonTypes(isCopyable));
        return serializerBuilder;
    }
}

/// <summary>One predicate given to <see cref="SerializationHostingExtensions"/>.</summary>
internal sealed record JsonTypes(Func<Type, bool> Contains);
