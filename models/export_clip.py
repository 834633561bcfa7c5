"""Writes the two towers of an open_clip model as ONNX, with all that `models.fetch` installs.

Needs `requirements/prove.txt`. The tiny model of the tests was made by

    python -m models.export_clip --config tests/models/tiny_clip/architecture.json --merges 250 \
        --references --into tests/models/tiny_clip

and any other is by `--model ViT-B-32 --pretrained laion2b_s34b_b79k`. Without `--pretrained` the
weights are random, and always the same.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from mammothbox.encoders.clip import CONFIG, IMAGE_TOWER, PREPROCESSING, TEXT_TOWER, TOKENIZER
from numpy.typing import NDArray
from open_clip.tokenizer import SimpleTokenizer, default_bpe
from PIL import Image
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from models.clip_source.inputs import pictures, texts

REFERENCES = "references.npz"
_OPSET = 17
_SEED = 20240131
# What open_clip finds tokens with; its own special tokens are not for texts to write.
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


@dataclass(frozen=True)
class Exported:
    """What open_clip itself makes of a model: the reference for everything of ours."""

    model: Any
    preprocess: Any
    tokenizer: SimpleTokenizer
    config: dict[str, Any]

    def image_vectors(self, pixels: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        with torch.no_grad():
            rows = [
                self.model.encode_image(self.preprocess(Image.fromarray(each))[None], True)
                for each in pixels
            ]
        return torch.cat(rows).numpy()

    def tokens(self, sentences: list[str]) -> NDArray[np.int64]:
        return self.tokenizer(sentences).numpy()

    def text_vectors(self, sentences: list[str]) -> NDArray[np.float32]:
        with torch.no_grad():
            return self.model.encode_text(self.tokenizer(sentences), True).numpy()


def load(name: str, pretrained: str | None, merges: int | None) -> Exported:
    """The model `name` as open_clip knows it, in eval mode; only the first `merges` of its BPE."""
    torch.manual_seed(_SEED)
    # Its fused kernels have no ONNX form.
    torch.backends.mha.set_fastpath_enabled(False)
    model, _train, preprocess = open_clip.create_model_and_transforms(name, pretrained=pretrained)
    config = open_clip.get_model_config(name)
    model.eval().requires_grad_(False)
    length = config["text_cfg"]["context_length"]
    return Exported(model, preprocess, _tokenizer(merges, length), config)


def _tokenizer(merges: int | None, context_length: int) -> SimpleTokenizer:
    if merges is None:
        return SimpleTokenizer(context_length=context_length)
    lines = gzip.decompress(Path(default_bpe()).read_bytes()).decode().split("\n")[: merges + 1]
    with tempfile.NamedTemporaryFile(suffix=".gz") as file:
        file.write(gzip.compress("\n".join(lines).encode()))
        file.flush()
        return SimpleTokenizer(file.name, context_length=context_length)


def export(loaded: Exported, into: Path) -> None:
    """Writes the towers, the tokenizer and both configurations."""
    into.mkdir(parents=True, exist_ok=True)
    size = loaded.config["vision_cfg"]["image_size"]
    length = loaded.config["text_cfg"]["context_length"]
    _export(loaded.model.encode_image, torch.zeros(1, 3, size, size), "image", into / IMAGE_TOWER)
    tokens = torch.zeros(1, length, dtype=torch.int32)
    _export(loaded.model.encode_text, tokens, "text", into / TEXT_TOWER)
    tokenizer = fast_tokenizer(loaded.tokenizer).to_str(pretty=False)
    (into / TOKENIZER).write_text(tokenizer + "\n", "utf-8")
    _write_json(into / PREPROCESSING, open_clip.get_model_preprocess_cfg(loaded.model))
    _write_json(into / CONFIG, loaded.config)


class _Tower(torch.nn.Module):
    """One half of a CLIP model, which answers with unit vectors."""

    def __init__(self, encode: Any) -> None:
        super().__init__()
        self._model, self._encode = encode.__self__, encode

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        vectors: torch.Tensor = self._encode(given, normalize=True)
        return vectors


def _export(encode: Any, given: torch.Tensor, name: str, file: Path) -> None:
    torch.onnx.export(
        _Tower(encode),
        (given,),
        str(file),
        input_names=[name],
        output_names=["embedding"],
        dynamic_axes={name: {0: "batch"}, "embedding": {0: "batch"}},
        opset_version=_OPSET,
        dynamo=False,
    )


def fast_tokenizer(slow: SimpleTokenizer) -> Tokenizer:
    """The same tokenizer in the form that Hugging Face publishes CLIP's in."""
    names = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {names.get(token, token): at for token, at in slow.encoder.items()}
    start, end = names.values()
    fast = Tokenizer(
        models.BPE(
            vocabulary,
            sorted(slow.bpe_ranks, key=slow.bpe_ranks.__getitem__),
            unk_token=end,
            end_of_word_suffix="</w>",
            fuse_unk=False,
        )
    )
    fast.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Lowercase(),
        ]
    )
    fast.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    fast.post_processor = processors.RobertaProcessing(
        (end, vocabulary[end]),
        (start, vocabulary[start]),
        trim_offsets=False,
        add_prefix_space=False,
    )
    fast.add_special_tokens([start, end])
    return fast


def write_references(loaded: Exported, file: Path) -> None:
    """What open_clip makes of the pictures and texts of `models.clip_source.inputs`."""
    np.savez_compressed(
        file,
        images=loaded.image_vectors(pictures()),
        tokens=loaded.tokens(texts()).astype(np.int32),
        texts=loaded.text_vectors(texts()),
    )


def _write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="ViT-B-32", help="as open_clip names it")
    parser.add_argument("--config", type=Path, help="architecture of a model of one's own")
    parser.add_argument("--pretrained", help="tag or file of the weights; random if none")
    parser.add_argument("--merges", type=int, help="only so many of the tokenizer's merges")
    parser.add_argument("--references", action="store_true", help=f"write {REFERENCES}, too")
    parser.add_argument("--into", type=Path, required=True)
    chosen = parser.parse_args()
    if chosen.config:
        open_clip.add_model_config(chosen.config)
    name = chosen.config.stem if chosen.config else chosen.model
    loaded = load(name, chosen.pretrained, chosen.merges)
    export(loaded, chosen.into)
    if chosen.references:
        write_references(loaded, chosen.into / REFERENCES)


if __name__ == "__main__":
    main()
